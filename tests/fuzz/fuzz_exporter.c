/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_exporter: requests to the exporter, as they come over a socket, and what is answered. */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fd.h"
#include "cli/exporter.h"
#include "fuzz.h"

static unsigned asked;

static int write_page(void *arg, bool openmetrics, struct buf *out, struct err *e)
{
	(void)arg;
	(void)e;
	asked++;
	buf_puts(out, openmetrics ? "# EOF\n" : "hart_up 1\n");
	return 0;
}

/* The answer is whole, and says its length rightly. */
static void check_answer(const char *answer, size_t n, const uint8_t *data, size_t len)
{
	const char *body = strstr(answer, "\r\n\r\n"), *said = strstr(answer, "Content-Length: ");

	if (strncmp(answer, "HTTP/1.1 ", 9) != 0 || !body || !said || said > body)
		fuzz_die("no answer of HTTP", data, len);
	size_t body_len = n - (size_t)(body + 4 - answer);
	if (body_len && strtoul(said + strlen("Content-Length: "), NULL, 10) != body_len)
		fuzz_die("another length than was said", data, len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct exporter_page page = { write_page, NULL };
	char answer[4096];
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
		exit(2);
	asked = 0;
	/* In two pieces, as a network would; the rest of what is too long is never read. */
	ssize_t first = send(pair[0], data, len / 2, MSG_NOSIGNAL), rest = send(pair[0], data + len / 2, len - len / 2, MSG_NOSIGNAL);
	shutdown(pair[0], SHUT_WR);
	exporter_answer(pair[1], &page);
	close(pair[1]);
	ssize_t n = first < 0 || rest < 0 ? 0 : recv(pair[0], answer, sizeof answer - 1, 0);
	close(pair[0]);
	if (n > 0) {
		answer[n] = '\0';
		check_answer(answer, (size_t)n, data, len);
	}
	if (asked > 1 || (asked && !memmem(data, len, "/metrics", 8)))
		fuzz_die("figures that nobody asked for", data, len);
	return 0;
}

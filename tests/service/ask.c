/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ask: one request; prints the body of the answer. Exits with 0, 3 (the answer is not 200), 4 (refused),
 * 5 (reset, or closed before the answer) or 6 (no answer in time).
 *
 *   ask [-t TIMEOUT-MS] ADDRESS [PATH]
 */
#include "service.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

static int fail(const char *what)
{
	fprintf(stderr, "ask: %s: %s\n", what, strerror(errno));
	switch (errno) {
	case ECONNREFUSED:
	case ENOENT:
		return 4;
	case EAGAIN:
	case EINPROGRESS:
	case ETIMEDOUT:
		return 6;
	default:
		return 5;
	}
}

static int ask(int s, const char *path)
{
	char text[8192];
	size_t len = 0;
	ssize_t n;

	dprintf(s, "GET %s HTTP/1.1\r\nHost: ask\r\nConnection: close\r\n\r\n", path);
	while ((n = read(s, text + len, sizeof text - 1 - len)) > 0)
		len += (size_t)n;
	text[len] = '\0';
	const char *body = strstr(text, "\r\n\r\n");
	if (n < 0)
		return fail("read");
	if (!body) {
		fprintf(stderr, "ask: closed without an answer\n");
		return 5;
	}
	fputs(body + 4, stdout);
	return strncmp(text, "HTTP/1.1 200 ", 13) ? 3 : 0;
}

int main(int argc, char **argv)
{
	long timeout_ms = 5000;
	struct address to;

	for (int c; (c = getopt(argc, argv, "t:")) > 0;) {
		if (c != 't')
			return 2;
		timeout_ms = atol(optarg);
	}
	if (optind >= argc) {
		fprintf(stderr, "usage: ask [-t TIMEOUT-MS] ADDRESS [PATH]\n");
		return 2;
	}
	parse_address(argv[optind], &to);
	int s = socket(to.sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (s < 0)
		die("socket");
	struct timeval t = { timeout_ms / 1000, timeout_ms % 1000 * 1000 };
	setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t);
	setsockopt(s, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof t);
	if (connect(s, (struct sockaddr *)&to.sa, to.len) < 0)
		return fail("connect");
	return ask(s, optind + 1 < argc ? argv[optind + 1] : "/");
}

/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_logpipe: a member's output on its way into the log: records of whole lines, and no byte of it lost or put elsewhere. */
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"
#include "loop/loop.h"
#include "record/logpipe.h"

#define HEAD_WORDS 4 /* time, stream, member, generation */

/* The text behind the head of a record; NULL: that is no head. */
static const char *behind_head(const char *line, const char *end)
{
	for (int i = 0; i < HEAD_WORDS; i++) {
		const char *blank = memchr(line, ' ', (size_t)(end - line));
		if (!blank || blank == line)
			return NULL;
		line = blank + 1;
	}
	return line;
}

static bool is_head(const char *line)
{
	const char *blank = strchr(line, ' ');

	return blank && !strncmp(blank, " stdout member 7 ", strlen(" stdout member 7 "));
}

/* The records are the data, cut at newlines and where a line is too long. */
static void check_log(const char *log, size_t n, const uint8_t *data, size_t len)
{
	size_t at = 0;

	for (const char *line = log, *end; line < log + n; line = end + 1) {
		end = memchr(line, '\n', (size_t)(log + n - line));
		const char *text = end && is_head(line) ? behind_head(line, end) : NULL;
		size_t bytes = text ? (size_t)(end - text) : 0;
		if (!text || bytes > LOG_LINE_MAX || bytes > len - at || memcmp(text, data + at, bytes) != 0)
			fuzz_die("a record that is not what was written", data, len);
		at += bytes;
		if (at < len && data[at] == '\n' && bytes < LOG_LINE_MAX)
			at++;
	}
	if (at != len)
		fuzz_die("output that is not in the log", data, len);
}

/* Where the output goes, and where it is read back. */
struct sink {
	struct loop loop;
	struct logfile file;
	int dir_fd, read_fd;
};

static void open_sink(struct sink *s)
{
	struct err e = ERR_INIT;

	s->dir_fd = fuzz_folder();
	if (loop_init(&s->loop, &e) < 0 || logfile_open(&s->file, s->dir_fd, "log", 0, 1, &e) < 0)
		exit(2);
	s->read_fd = openat(s->dir_fd, "log", O_RDONLY | O_CLOEXEC);
}

static void pass_through(struct sink *s, const uint8_t *data, size_t len)
{
	const struct logpipe_of of = { &s->file, "member", "stdout" };
	struct logpipe p = { .read_fd = -1 };
	struct err e = ERR_INIT;
	int fd;

	if (logpipe_open(&p, &s->loop, s->dir_fd, &of, &fd, &e) < 0 || write(fd, data, len) != (ssize_t)len)
		exit(2);
	p.generation = 7;
	close(fd);
	logpipe_close(&p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct sink sink;
	static bool is_open;
	static char log[1 << 20];

	if (len > 16384) /* what a pipe takes at once, with room to spare */
		return 0;
	if (!is_open)
		open_sink(&sink);
	is_open = true;
	if (ftruncate(sink.file.fd, 0) < 0)
		exit(2);
	pass_through(&sink, data, len);
	ssize_t n = pread(sink.read_fd, log, sizeof log, 0);
	if (n < 0)
		exit(2);
	check_log(log, (size_t)n, data, len);
	return 0;
}

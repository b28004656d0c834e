/* cmd_logs: logs: what the members of a supervised service have written. */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/io.h"
#include "base/path.h"
#include "service_call.h"

struct logs_flags {
	const char *member, *stream;
	unsigned lines;
	bool follow;
};

static const struct opt_row rows[] = {
	OPT_FLAG(struct logs_flags, follow, "follow", 'f', "go on with what is written from now on"),
	OPT_UINT(struct logs_flags, lines, "lines", 'n', "N", "the last N records alone"),
	OPT_STRING(struct logs_flags, member, "member", 0, "MEMBER", "of that member alone"),
	OPT_STRING(struct logs_flags, stream, "stream", 0, "stdout|stderr", "of that stream alone"),
};

#define LOG_MAX_BYTES ((size_t)1 << 30)
#define CHUNK_BYTES 65536

/* "TIME STREAM MEMBER GENERATION TEXT" */
static bool is_wanted(const struct logs_flags *f, const char *record, size_t len)
{
	const char *want[] = { f->stream, f->member };
	const char *at = memchr(record, ' ', len), *end = record + len;

	for (size_t i = 0; i < 2 && at; i++) {
		const char *word = ++at;
		at = memchr(word, ' ', (size_t)(end - word));
		size_t n = at ? (size_t)(at - word) : 0;
		if (want[i] && (strlen(want[i]) != n || strncmp(word, want[i], n)))
			return false;
	}
	return at;
}

static int show(const struct logs_flags *f, const char *text, size_t len, struct err *e)
{
	_cleanup_buf_ struct buf out = BUF_INIT;

	for (const char *p = text, *end; p < text + len; p = end + 1) {
		end = memchr(p, '\n', len - (size_t)(p - text));
		if (!end)
			break;
		if (is_wanted(f, p, (size_t)(end - p)))
			buf_put(&out, p, (size_t)(end - p) + 1);
	}
	return out.len || out.failed ? cli_print(&out, e) : 0;
}

/* The start of the last `lines` wanted records. */
static const char *last_lines(const struct logs_flags *f, const char *text, size_t len)
{
	const char *end = text + len, *start = end;

	for (unsigned n = 0; n < f->lines && start > text;) {
		const char *line = memrchr(text, '\n', (size_t)(start - text) - 1);
		line = line ? line + 1 : text;
		n += is_wanted(f, line, (size_t)(start - line));
		start = line;
	}
	return start;
}

/* Rotated files first, the oldest at the front. */
static int read_all(struct cli *cli, int dir_fd, struct buf *out, struct err *e)
{
	for (int i = 99; i >= 0; i--) {
		char name[16], *text;
		size_t len;
		snprintf(name, sizeof name, i ? "log.%d" : "log", i);
		int r = io_read_file(cli->arena, dir_fd, name, LOG_MAX_BYTES, &text, &len, e);
		if (r < 0 && r != -ENOENT)
			return r;
		if (r >= 0)
			buf_put(out, text, len);
	}
	err_clear(e);
	return out->failed ? err_set(e, ENOMEM, "read the log") : 0;
}

static int pass_on(const struct logs_flags *f, int fd, struct buf *rest, struct err *e)
{
	char chunk[CHUNK_BYTES];
	ssize_t n;

	while ((n = read(fd, chunk, sizeof chunk)) > 0) {
		buf_put(rest, chunk, (size_t)n);
		const char *end = rest->failed ? NULL : memrchr(rest->data, '\n', rest->len);
		if (!end)
			continue;
		size_t whole = (size_t)(end - rest->data) + 1;
		int r = show(f, rest->data, whole, e);
		if (r < 0)
			return r;
		memmove(rest->data, rest->data + whole, rest->len - whole);
		rest->len -= whole;
	}
	return n < 0 ? err_set(e, errno, "read the log") : 0;
}

/* A file that was rotated away is read to its end, then its successor. */
static int follow(const struct logs_flags *f, int dir_fd, struct err *e)
{
	_cleanup_buf_ struct buf rest = BUF_INIT;
	_cleanup_fd_ int watch = inotify_init1(IN_CLOEXEC);
	_cleanup_fd_ int fd = openat(dir_fd, "log", O_RDONLY | O_CLOEXEC);
	struct path_fd_name dir = path_of_fd(dir_fd);
	char events[4096];

	if (watch < 0 || fd < 0 || inotify_add_watch(watch, dir.text, IN_MODIFY | IN_CREATE | IN_DELETE_SELF) < 0)
		return err_set(e, errno, "follow the log");
	lseek(fd, 0, SEEK_END);
	for (;;) {
		ssize_t n = read(watch, events, sizeof events);
		if (n < 0 && errno != EINTR)
			return err_set(e, errno, "follow the log");
		int r = pass_on(f, fd, &rest, e);
		if (r < 0)
			return r;
		bool over = false;
		for (char *p = events; p < events + n;) {
			const struct inotify_event *ev = (const struct inotify_event *)(void *)p;
			if (ev->mask & IN_CREATE && !strcmp(ev->name, "log")) {
				fd_close(&fd);
				fd = openat(dir_fd, "log", O_RDONLY | O_CLOEXEC);
			}
			over |= ev->mask & (IN_DELETE_SELF | IN_IGNORED);
			p += sizeof *ev + ev->len;
		}
		if (over || fd < 0)
			return 0;
	}
}

static int run_logs(struct cli *cli, struct err *e)
{
	const struct logs_flags *f = cli->opts;
	_cleanup_buf_ struct buf all = BUF_INIT;
	struct container c;
	struct runtime rt;
	int r = service_peek(cli, &rt, &c, e);

	if (r < 0)
		return r;
	r = read_all(cli, c.dir_fd, &all, e);
	if (r >= 0 && all.len) {
		const char *from = f->lines ? last_lines(f, all.data, all.len) : all.data;
		r = show(f, from, all.len - (size_t)(from - all.data), e);
	}
	if (r >= 0 && f->follow)
		r = follow(f, c.dir_fd, e);
	container_close(&c);
	runtime_close(&rt);
	return r;
}

const struct command cmd_logs = {
	.name = "logs",
	.args = "CONTAINER",
	.summary = "show what the members of a supervised service have written",
	.doc = "A record is a line: time, stream, member, generation and the text. A service in the "
	       "foreground, or with --log-file, has no log of this kind.",
	.table = { rows, sizeof rows / sizeof rows[0], false },
	.opts_size = sizeof(struct logs_flags),
	.min_args = 1,
	.max_args = 1,
	.run = run_logs,
};

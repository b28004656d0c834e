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
#include "log_files.h"
#include "log_time.h"
#include "service_call.h"
#include "visible.h"

struct logs_flags {
	const char *member, *stream, *since, *until;
	unsigned lines;
	bool follow;
};

static const struct opt_row rows[] = {
	OPT_FLAG(struct logs_flags, follow, "follow", 'f', "go on with what is written from now on"),
	OPT_UINT(struct logs_flags, lines, "lines", 'n', "N", "the last N records alone"),
	OPT_STRING(struct logs_flags, since, "since", 0, "TIME",
		   "from then on: a time ago (10m), or in UTC (2026-11-23T09:00:00Z, or its beginning)"),
	OPT_STRING(struct logs_flags, until, "until", 0, "TIME", "up to then, that day or minute included"),
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

	if ((f->since && log_time_compare(record, len, f->since) < 0) || (f->until && log_time_compare(record, len, f->until) > 0))
		return false;
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
		if (!is_wanted(f, p, (size_t)(end - p)))
			continue;
		if (isatty(STDOUT_FILENO))
			visible_put(&out, p, (size_t)(end - p));
		else
			buf_put(&out, p, (size_t)(end - p));
		buf_put(&out, "\n", 1);
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

/* The oldest first. */
static int read_all(struct cli *cli, const struct log_files *files, struct buf *out, struct err *e)
{
	for (size_t i = files->n; i-- > 0;) {
		char *text;
		size_t len;
		int r = io_read_all(cli->arena, files->fd[i], LOG_MAX_BYTES, "the log", &text, &len, e);
		if (r < 0)
			return r;
		buf_put(out, text, len);
	}
	return out->failed ? err_set(e, ENOMEM, "read the log") : 0;
}

/* Whole lines; what is left waits in `rest` for its end. */
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

/* A file that was rotated away is read to its end, then those that came after it. */
static int go_on(const struct logs_flags *f, int dir_fd, int *fd, struct buf *rest, struct err *e)
{
	struct log_files newer;
	int r = pass_on(f, *fd, rest, e);

	if (r < 0)
		return r;
	r = log_files_open(&newer, dir_fd, *fd, e);
	while (r >= 0 && newer.n) {
		r = pass_on(f, *fd, rest, e); /* what came before it was moved away */
		fd_close(fd);
		*fd = fd_take(&newer.fd[--newer.n]);
		if (r >= 0)
			r = pass_on(f, *fd, rest, e);
	}
	log_files_close(&newer);
	return r;
}

static int follow(const struct logs_flags *f, int dir_fd, int watch, int *fd, struct err *e)
{
	_cleanup_buf_ struct buf rest = BUF_INIT;
	char events[4096];

	for (bool over = false; !over;) {
		/* What was written between the watch and the first read is there already. */
		int r = go_on(f, dir_fd, fd, &rest, e);
		if (r < 0)
			return r;
		ssize_t n = read(watch, events, sizeof events);
		if (n < 0 && errno != EINTR)
			return err_set(e, errno, "follow the log");
		for (char *p = events; p < events + n;) {
			const struct inotify_event *ev = (const struct inotify_event *)(void *)p;
			over |= ev->mask & (IN_DELETE_SELF | IN_IGNORED);
			p += sizeof *ev + ev->len;
		}
	}
	return pass_on(f, *fd, &rest, e);
}

static int watch_folder(int dir_fd, struct err *e)
{
	struct path_fd_name dir = path_of_fd(dir_fd);
	_cleanup_fd_ int watch = inotify_init1(IN_CLOEXEC);

	if (watch < 0 || inotify_add_watch(watch, dir.text, IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_DELETE_SELF) < 0)
		return err_set(e, errno, "follow the log");
	return fd_take(&watch);
}

/* The files stay open between showing and following, and the watch is older than both. */
static int show_log(struct cli *cli, const struct logs_flags *f, int dir_fd, struct err *e)
{
	_cleanup_buf_ struct buf all = BUF_INIT;
	_cleanup_fd_ int watch = f->follow ? watch_folder(dir_fd, e) : FD_NONE;
	struct log_files files = { .n = 0 };
	int r = f->follow && watch < 0 ? watch : log_files_open(&files, dir_fd, FD_NONE, e);
	size_t whole = 0;

	if (r >= 0)
		r = read_all(cli, &files, &all, e);
	if (r >= 0 && all.len) {
		const char *end = memrchr(all.data, '\n', all.len);
		whole = end ? (size_t)(end - all.data) + 1 : 0;
		const char *from = f->lines ? last_lines(f, all.data, whole) : all.data;
		r = show(f, from, whole - (size_t)(from - all.data), e);
	}
	if (r >= 0 && f->follow && !files.n)
		r = err_msg(e, ENOENT, "follow the log: the service has none of its own");
	if (r >= 0 && f->follow && lseek(files.fd[0], -(off_t)(all.len - whole), SEEK_CUR) < 0)
		r = err_set(e, errno, "follow the log");
	if (r >= 0 && f->follow)
		r = follow(f, dir_fd, watch, &files.fd[0], e);
	log_files_close(&files);
	return r;
}

static int run_logs(struct cli *cli, struct err *e)
{
	struct logs_flags f = *(const struct logs_flags *)cli->opts;
	struct container c;
	struct runtime rt;
	int r = log_time_parse(cli->arena, "since", f.since, &f.since, e);

	if (r >= 0)
		r = log_time_parse(cli->arena, "until", f.until, &f.until, e);
	if (r >= 0)
		r = service_peek(cli, &rt, &c, e);
	if (r < 0)
		return r;
	r = show_log(cli, &f, c.dir_fd, e);
	container_close(&c);
	runtime_close(&rt);
	return r;
}

const struct command cmd_logs = {
	.name = "logs",
	.args = "CONTAINER",
	.summary = "show what the members of a supervised service have written",
	.doc = "A record is a line: time, stream, member, generation and the text. On a terminal control "
	       "characters are shown as \\xNN and do nothing. A service in the foreground, or with "
	       "--log-file, has no log of this kind.",
	.table = { rows, sizeof rows / sizeof rows[0], false },
	.opts_size = sizeof(struct logs_flags),
	.min_args = 1,
	.max_args = 1,
	.run = run_logs,
};

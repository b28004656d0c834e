/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_logs: logs: what the members of a supervised service have written. */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
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
	OPT_UINT(struct logs_flags, lines, "lines", 'n', "N", "only the last N records"),
	OPT_STRING(struct logs_flags, since, "since", 0, "TIME",
		   "from then on: a time ago (10m), or in UTC (2026-11-23T09:00:00Z, or its beginning)"),
	OPT_STRING(struct logs_flags, until, "until", 0, "TIME", "up to then, that day or minute included"),
	OPT_STRING(struct logs_flags, member, "member", 0, "MEMBER", "only what that member has written"),
	OPT_STRING(struct logs_flags, stream, "stream", 0, "stdout|stderr", "only that stream"),
};

#define LOG_MAX_BYTES ((size_t)1 << 30)
#define CHUNK_BYTES 65536
#define SOURCES_MAX 200

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

/* The log of one service. */
struct log_source {
	const struct logs_flags *f;
	const char *prefix; /* its ID, where there are several; NULL: it is the only one */
	struct container c;
	struct log_files files; /* to begin with; then the first is the one that is followed */
	int watch; /* FD_NONE: it is not followed */
	struct buf all; /* what was there */
	size_t at, whole; /* what of it is still to be shown ends with a whole line */
	struct buf rest; /* of what is followed: a line whose end is not there yet */
};

static int show(const struct log_source *s, const char *text, size_t len, struct err *e)
{
	_cleanup_buf_ struct buf out = BUF_INIT;

	for (const char *p = text, *end; p < text + len; p = end + 1) {
		end = memchr(p, '\n', len - (size_t)(p - text));
		if (!end)
			break;
		if (!is_wanted(s->f, p, (size_t)(end - p)))
			continue;
		if (s->prefix)
			buf_printf(&out, "%s ", s->prefix);
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
static int cmd_logs_read_all(struct cli *cli, struct log_source *s, struct err *e)
{
	for (size_t i = s->files.n; i-- > 0;) {
		char *text;
		size_t len;
		int r = io_read_all(cli->arena, s->files.fd[i], LOG_MAX_BYTES, "the log", &text, &len, e);
		if (r < 0)
			return r;
		buf_put(&s->all, text, len);
	}
	if (s->all.failed)
		return err_set(e, ENOMEM, "read the log");
	const char *end = s->all.len ? memrchr(s->all.data, '\n', s->all.len) : NULL;
	s->whole = end ? (size_t)(end - s->all.data) + 1 : 0;
	if (s->f->lines && s->whole)
		s->at = (size_t)(last_lines(s->f, s->all.data, s->whole) - s->all.data);
	return 0;
}

/* -- what is there ---------------------------------------------------------------------------- */

#define TIME_BYTES 30 /* records begin with their time, in one form */

static bool is_older(const struct log_source *a, const struct log_source *b)
{
	size_t left_a = a->whole - a->at, left_b = b->whole - b->at, n = left_a < left_b ? left_a : left_b;

	return memcmp(a->all.data + a->at, b->all.data + b->at, n < TIME_BYTES ? n : TIME_BYTES) < 0;
}

static struct log_source *oldest(struct log_source *v, size_t n)
{
	struct log_source *first = NULL;

	for (size_t i = 0; i < n; i++)
		if (v[i].at < v[i].whole && (!first || is_older(&v[i], first)))
			first = &v[i];
	return first;
}

/* One log as it is, several line by line in the order of time. */
static int show_all(struct log_source *v, size_t n, struct err *e)
{
	struct log_source *s;
	int r = 0;

	while (r >= 0 && (s = oldest(v, n))) {
		const char *from = s->all.data + s->at;
		size_t left = s->whole - s->at;
		size_t len = n == 1 ? left : (size_t)((const char *)memchr(from, '\n', left) - from) + 1;
		r = show(s, from, len, e);
		s->at += len;
	}
	return r;
}

/* -- what comes ------------------------------------------------------------------------------- */

/* Whole lines; what is left waits in `rest` for its end. */
static int pass_on(struct log_source *s, struct err *e)
{
	struct buf *rest = &s->rest;
	char chunk[CHUNK_BYTES];
	ssize_t n;

	while ((n = read(s->files.fd[0], chunk, sizeof chunk)) > 0) {
		buf_put(rest, chunk, (size_t)n);
		const char *end = rest->failed ? NULL : memrchr(rest->data, '\n', rest->len);
		if (!end)
			continue;
		size_t whole = (size_t)(end - rest->data) + 1;
		int r = show(s, rest->data, whole, e);
		if (r < 0)
			return r;
		memmove(rest->data, rest->data + whole, rest->len - whole);
		rest->len -= whole;
	}
	return n < 0 ? err_set(e, errno, "read the log") : 0;
}

/* A file that was rotated away is read to its end, then those that came after it. */
static int go_on(struct log_source *s, struct err *e)
{
	struct log_files newer;
	int r = pass_on(s, e);

	if (r < 0)
		return r;
	r = log_files_open(&newer, s->c.dir_fd, s->files.fd[0], e);
	while (r >= 0 && newer.n) {
		r = pass_on(s, e); /* what came before it was moved away */
		fd_close(&s->files.fd[0]);
		s->files.fd[0] = fd_take(&newer.fd[--newer.n]);
		if (r >= 0)
			r = pass_on(s, e);
	}
	log_files_close(&newer);
	return r;
}

/* The folder's own end is not told while we have it open; that of its name is. */
static int watch_folder(const struct log_source *s, struct err *e)
{
	struct path_fd_name dir = path_of_fd(s->c.dir_fd), root = path_of_fd(s->c.rt->root_fd);
	_cleanup_fd_ int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	if (watch < 0 || inotify_add_watch(watch, dir.text, IN_MODIFY | IN_CREATE | IN_MOVED_TO) < 0 ||
	    inotify_add_watch(watch, root.text, IN_DELETE | IN_MOVED_FROM) < 0)
		return err_set(e, errno, "follow the log");
	return fd_take(&watch);
}

static bool is_gone(const struct log_source *s)
{
	struct stat st;

	return fstat(s->c.dir_fd, &st) < 0 || !st.st_nlink;
}

static int follow_one(struct log_source *s, struct err *e)
{
	char events[4096];

	while (read(s->watch, events, sizeof events) > 0)
		;
	bool gone = is_gone(s);
	int r = gone ? pass_on(s, e) : go_on(s, e);
	if (gone)
		fd_close(&s->watch);
	return r;
}

/* Until all of them are deleted. */
static int follow(struct log_source *v, size_t n, struct err *e)
{
	struct pollfd p[SOURCES_MAX];
	int r = 0;

	/* What was written between the watch and the first read is there already. */
	for (size_t i = 0; r >= 0 && i < n; i++)
		r = go_on(&v[i], e);
	while (r >= 0) {
		size_t left = 0;
		for (size_t i = 0; i < n; i++) {
			p[i] = (struct pollfd){ .fd = v[i].watch, .events = POLLIN };
			left += v[i].watch >= 0;
		}
		if (!left)
			return 0;
		if (poll(p, n, -1) < 0 && errno != EINTR)
			return err_set(e, errno, "follow the log");
		for (size_t i = 0; r >= 0 && i < n; i++)
			if (p[i].revents)
				r = follow_one(&v[i], e);
	}
	return r;
}

/* -- all of it --------------------------------------------------------------------------------- */

/* The files stay open between showing and following, and the watch is older than both. */
static int open_source(struct cli *cli, struct log_source *s, struct err *e)
{
	bool follows = s->f->follow;
	int r = follows ? s->watch = watch_folder(s, e) : 0;

	if (r >= 0)
		r = log_files_open(&s->files, s->c.dir_fd, FD_NONE, e);
	if (r >= 0)
		r = cmd_logs_read_all(cli, s, e);
	if (r >= 0 && follows && !s->files.n)
		r = err_msg(e, ENOENT, "follow the log: the service has none of its own");
	if (r >= 0 && follows && lseek(s->files.fd[0], -(off_t)(s->all.len - s->whole), SEEK_CUR) < 0)
		r = err_set(e, errno, "follow the log");
	return r;
}

static void close_source(struct log_source *s)
{
	log_files_close(&s->files);
	fd_close(&s->watch);
	buf_free(&s->all);
	buf_free(&s->rest);
	container_close(&s->c);
}

/* The nth of those that were named. */
static int find(struct cli *cli, size_t nth, struct runtime *rt, struct log_source *s, struct err *e)
{
	struct cli one = *cli;

	one.args = &cli->args[nth];
	one.n_args = 1;
	int r = service_find(&one, rt, &s->c, e);
	if (r >= 0 && cli->n_args > 1)
		s->prefix = s->c.state->id;
	return r;
}

static int show_logs(struct cli *cli, struct runtime *rt, const struct logs_flags *f, struct log_source *v, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < cli->n_args; i++) {
		v[i] = (struct log_source){ .f = f, .c = CONTAINER_INIT, .watch = FD_NONE, .all = BUF_INIT, .rest = BUF_INIT };
		r = find(cli, i, rt, &v[i], e);
		if (r >= 0)
			r = open_source(cli, &v[i], e);
	}
	if (r >= 0)
		r = show_all(v, cli->n_args, e);
	return r >= 0 && f->follow ? follow(v, cli->n_args, e) : r;
}

static int run_logs(struct cli *cli, struct err *e)
{
	struct logs_flags f = *(const struct logs_flags *)cli->opts;
	struct log_source *v = arena_calloc(cli->arena, cli->n_args, sizeof *v);
	struct runtime rt;
	int r = v ? log_time_parse(cli->arena, "since", f.since, &f.since, e) : err_set(e, ENOMEM, "show logs");

	if (r >= 0)
		r = log_time_parse(cli->arena, "until", f.until, &f.until, e);
	if (r >= 0)
		r = cli_open_runtime(cli, &rt, e);
	if (r < 0)
		return r;
	r = show_logs(cli, &rt, &f, v, e);
	for (size_t i = 0; i < cli->n_args; i++)
		if (v[i].f)
			close_source(&v[i]);
	runtime_close(&rt);
	return r;
}

const struct command cmd_logs = {
	.name = "logs",
	.args = "CONTAINER...",
	.summary = "show what the members of supervised services have written",
	.doc = "A record is a line: time, stream, member, generation and the text. The records of several services come in the "
	       "order of time, with the ID before each. On a terminal control characters are shown as \\xNN and do nothing. A service in the "
	       "foreground, or with --log-file, has no log of this kind.",
	.table = { rows, sizeof rows / sizeof rows[0], false },
	.opts_size = sizeof(struct logs_flags),
	.min_args = 1,
	.max_args = SOURCES_MAX,
	.run = run_logs,
};

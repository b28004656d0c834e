/* SPDX-License-Identifier: Apache-2.0 */
/* streams: see streams.h. */
#include "streams.h"

#include <ctype.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <limits.h>
#include <poll.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/sys.h"
#include "terminal.h"

#define LOGGER_WAIT_MS 10000
#define LOGGER_ARGS 64
#define READER_WAIT_MS 10000
#define READER_LOOK_MS 2

static const char *const stream_names[] = { "stdin", "stdout", "stderr" };

static const char *path_of(const struct record *r, int i)
{
	return record_text(r, (enum record_word)(RECORD_STDIN + i));
}

static const char *after(const char *text, const char *prefix)
{
	size_t len = strlen(prefix);

	return strncmp(text, prefix, len) ? NULL : text + len;
}

/* %XX of URIs, in place; `plus` is what a + means. What is no such pair stays as it is. */
static void decode(char *s, char plus)
{
	char *to = s;

	for (; *s; s++) {
		unsigned byte;
		if (*s == '%' && isxdigit((unsigned char)s[1]) && isxdigit((unsigned char)s[2]) &&
		    sscanf(s + 1, "%2x", &byte) == 1) {
			*to++ = (char)byte;
			s += 2;
		} else {
			*to++ = *s == '+' ? plus : *s;
		}
	}
	*to = '\0';
}

/* -- opening --------------------------------------------------------------------------------- */

static int check_fifo(int fd, int i, const char *path, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0 || !S_ISFIFO(st.st_mode))
		return err_msg(e, EINVAL, "%s: %s is not a fifo", stream_names[i], path);
	return 0;
}

static int make_blocking(int fd, const char *path, struct err *e)
{
	return fcntl(fd, F_SETFL, 0) < 0 ? err_set(e, errno, "make %s blocking", path) : 0;
}

/* Without blocking. Then the program's end blocks, as it expects. */
static int open_both_ends(struct streams *io, int i, const char *path, struct err *e)
{
	int first = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	int second = first < 0 ? FD_NONE : open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	int errnum = errno;

	io->give[i] = i == 0 ? first : second;
	io->hold[i] = i == 0 ? second : first;
	if (second < 0)
		return err_set(e, errnum, "open %s", path);
	int r = check_fifo(first, i, path, e);
	return r < 0 ? r : make_blocking(io->give[i], path, e);
}

/* ENXIO: no process has opened it for reading, or tries to: that one's open(2) would wait for ours. */
static int open_writer(const char *path)
{
	int fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int open_output(struct streams *io, int i, const char *path, struct err *e)
{
	int writer = open_writer(path);

	if (writer < 0 && writer != -ENXIO)
		return err_set(e, -writer, "open %s", path);
	io->give[i] = writer < 0 ? FD_NONE : writer;
	io->hold[i] = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (io->hold[i] < 0)
		return err_set(e, errno, "open %s", path);
	int r = check_fifo(io->hold[i], i, path, e);
	if (r < 0 || writer >= 0)
		return r < 0 ? r : make_blocking(writer, path, e);
	/* With a reader of ours it could not be seen any more when there is another. */
	fd_close(&io->hold[i]);
	io->unread[i] = true;
	return 0;
}

static int open_fifo(struct streams *io, int i, const char *path, bool terminal, struct err *e)
{
	if (!terminal)
		return i == 0 ? open_both_ends(io, i, path, e) : open_output(io, i, path, e);
	/* Ours alone; both ways, so that it neither ends nor breaks. */
	io->give[i] = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	return io->give[i] < 0 ? err_set(e, errno, "open %s", path) : 0;
}

/* Folders above the file are made, as for containerd's own shim. */
static int open_file(struct streams *io, int i, const char *path, struct err *e)
{
	char folder[PATH_MAX];

	if (snprintf(folder, sizeof folder, "%s", path) >= (int)sizeof folder)
		return err_set(e, ENAMETOOLONG, "open %s", path);
	if (folder[0] != '/')
		return err_msg(e, EINVAL, "%s: file://%s is not an absolute path", stream_names[i], path);
	decode(folder, '+');
	for (char *slash = strchr(folder + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(folder, 0755) < 0 && errno != EEXIST)
			return err_set(e, errno, "make the folder %s", folder);
		*slash = '/';
	}
	io->give[i] = open(folder, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	return io->give[i] < 0 ? err_set(e, errno, "open %s", path) : 0;
}

static int open_logger_pipe(struct streams *io, int i, struct err *e)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_set(e, errno, "make a pipe for the logger");
	io->logger[i - 1] = fds[0];
	io->give[i] = fds[1];
	return 0;
}

static const char *fifo_of(const char *text)
{
	const char *path = after(text, "fifo://");

	return path ? path : text;
}

static int open_stream(struct streams *io, const struct record *r, int i, struct err *e)
{
	const char *text = path_of(r, i), *path;

	if (!text[0]) {
		if (r->terminal)
			return 0;
		io->give[i] = open("/dev/null", (i == 0 ? O_RDONLY : O_WRONLY) | O_CLOEXEC);
		return io->give[i] < 0 ? err_set(e, errno, "open /dev/null") : 0;
	}
	if (i > 0 && after(text, "binary://"))
		return open_logger_pipe(io, i, e);
	path = after(text, "file://");
	if (i > 0 && path)
		return open_file(io, i, path, e);
	path = fifo_of(text);
	if (path == text && strstr(text, "://"))
		return err_msg(e, ENOTSUP, "%s: %s: must be fifo, file or binary", stream_names[i], text);
	return open_fifo(io, i, path, r->terminal, e);
}

int streams_open(struct streams *io, const struct record *r, struct err *e)
{
	int n = r->terminal ? 2 : 3, ok = 0;

	*io = STREAMS_INIT;
	for (int i = 0; i < n && ok >= 0; i++)
		ok = open_stream(io, r, i, e);
	if (ok < 0)
		streams_close(io);
	return ok;
}

/* -- the logger ------------------------------------------------------------------------------ */

/* PATH?KEY=VALUE&KEY=VALUE: KEY and VALUE become arguments of their own. */
static int split(char *text, char *argv[LOGGER_ARGS], struct err *e)
{
	size_t n = 0;
	char *query = strchr(text, '?');

	if (query)
		*query++ = '\0';
	decode(text, '+');
	argv[n++] = text;
	for (char *pair; (pair = strsep(&query, "&"));) {
		char *value = strchr(pair, '=');
		if (n + 3 > LOGGER_ARGS)
			return err_set(e, E2BIG, "run the logger %s", text);
		if (value)
			*value++ = '\0';
		decode(pair, ' ');
		argv[n++] = pair;
		if (value && *value) {
			decode(value, ' ');
			argv[n++] = value;
		}
	}
	argv[n] = NULL;
	return 0;
}

static _Noreturn void become_logger(struct streams *io, char *const argv[], int ready)
{
	int null = open("/dev/null", O_RDWR), fds[] = { io->logger[0], io->logger[1], ready };

	/* Out of the way of where they go: 3, 4, 5 without close-on-exec. */
	for (int i = 0; i < 3; i++)
		fds[i] = fcntl(fds[i] < 0 ? null : fds[i], F_DUPFD, 10);
	for (int i = 0; i < 3; i++)
		if (fds[i] < 0 || dup2(null, i) < 0 || dup2(fds[i], 3 + i) < 0)
			_exit(127);
	signal(SIGPIPE, SIG_DFL); /* which the shim ignores */
	if (fd_close_range(6, ~0U) == 0)
		execv(argv[0], argv);
	_exit(127);
}

static int await_logger(int ready, const char *name, struct err *e)
{
	struct pollfd p = { .fd = ready, .events = POLLIN };
	int n = poll(&p, 1, LOGGER_WAIT_MS);
	char byte;

	if (n == 0)
		return err_msg(e, ETIMEDOUT, "the logger %s did not become ready in time", name);
	/* It closes the descriptor, or ends, which shows when the first byte is written. */
	if (n < 0 || read(ready, &byte, 1) < 0)
		return err_set(e, errno, "wait for the logger %s", name);
	return 0;
}

static int run_logger(struct streams *io, const struct record *r, const char *shim_namespace, struct err *e)
{
	char *argv[LOGGER_ARGS], text[RECORD_TEXT];
	int ready[2];
	const char *uri = path_of(r, 1);

	if (!after(uri, "binary://"))
		uri = path_of(r, 2);
	snprintf(text, sizeof text, "%s", after(uri, "binary://"));
	int ok = split(text, argv, e);
	if (ok < 0)
		return ok;
	if (access(argv[0], X_OK) < 0)
		return err_set(e, errno, "run the logger %s", argv[0]);
	if (pipe2(ready, O_CLOEXEC) < 0)
		return err_set(e, errno, "make a pipe for the logger");
	pid_t pid = fork();
	if (pid == 0) {
		setenv("CONTAINER_ID", record_text(r, RECORD_ID), 1);
		setenv("CONTAINER_NAMESPACE", shim_namespace, 1);
		become_logger(io, argv, ready[1]);
	}
	close(ready[1]);
	ok = pid < 0 ? err_set(e, errno, "fork the logger %s", argv[0]) : await_logger(ready[0], argv[0], e);
	close(ready[0]);
	if (ok < 0 && pid > 0 && kill(pid, SIGKILL) == 0)
		waitpid(pid, NULL, 0);
	return ok;
}

/* -- readers --------------------------------------------------------------------------------- */

/* A program that has ended before its reader has opened the fifo would leave that one waiting for ever. When none comes
 * it starts all the same. */
static int await_reader(struct streams *io, const struct record *r, int i, long long end_ms, struct err *e)
{
	const char *path = fifo_of(path_of(r, i));
	int fd;

	while ((fd = open_writer(path)) == -ENXIO && clock_left_ms(end_ms) > 0)
		poll(NULL, 0, READER_LOOK_MS);
	if (fd == -ENXIO)
		return open_both_ends(io, i, path, e);
	if (fd < 0)
		return err_set(e, -fd, "open %s", path);
	io->give[i] = fd;
	return make_blocking(fd, path, e);
}

/* So long for all together. */
static int await_readers(struct streams *io, const struct record *r, struct err *e)
{
	long long end_ms = clock_now_ms() + READER_WAIT_MS;
	int ok = 0;

	for (int i = 1; i < 3 && ok >= 0; i++)
		if (io->unread[i])
			ok = await_reader(io, r, i, end_ms, e);
	return ok;
}

int streams_reopen(struct streams *io, const struct record *r, struct err *e)
{
	int ok = 0;

	for (int i = 1; i < 3 && ok >= 0; i++)
		if (io->unread[i]) {
			io->unread[i] = false;
			ok = open_both_ends(io, i, fifo_of(path_of(r, i)), e);
		}
	return ok;
}

/* -- using ----------------------------------------------------------------------------------- */

int streams_use(struct streams *io, const struct record *r, const char *shim_namespace, struct err *e)
{
	int ok = io->logger[0] >= 0 || io->logger[1] >= 0 ? run_logger(io, r, shim_namespace, e) : 0;

	if (ok >= 0)
		ok = await_readers(io, r, e);
	for (int i = 0; i < 3 && ok >= 0 && !r->terminal; i++)
		if (dup2(io->give[i], i) < 0)
			ok = err_set(e, errno, "set up %s", stream_names[i]);
	/* The program has 0 to 2 and nothing else of them. */
	streams_given(io);
	return ok;
}

void streams_given(struct streams *io)
{
	for (int i = 0; i < 3; i++)
		fd_close(&io->give[i]);
	fd_close(&io->logger[0]);
	fd_close(&io->logger[1]);
}

void streams_given_to_service(struct streams *io)
{
	io->writers[1] = fd_take(&io->give[1]);
	io->writers[2] = fd_take(&io->give[2]);
	streams_given(io);
}

int streams_attach(struct streams *io, struct loop *l, int master, struct err *e)
{
	io->terminal = terminal_new(l, master, io->give[0], io->give[1], e);
	if (!io->terminal)
		return -e->code;
	io->give[0] = io->give[1] = FD_NONE;
	streams_given(io);
	return 0;
}

void streams_started(struct streams *io)
{
	fd_close(&io->hold[0]);
}

void streams_close_stdin(struct streams *io)
{
	fd_close(&io->hold[0]);
	if (io->terminal)
		terminal_close_input(io->terminal);
}

int streams_resize(struct streams *io, unsigned columns, unsigned rows, struct err *e)
{
	return io->terminal ? terminal_resize(io->terminal, columns, rows, e) : 0;
}

void streams_end(struct streams *io)
{
	for (int i = 0; i < 3; i++) {
		fd_close(&io->hold[i]);
		fd_close(&io->writers[i]);
	}
	if (io->terminal)
		terminal_drain(io->terminal, NULL, NULL);
}

bool streams_drain(struct streams *io, void (*drained)(void *arg), void *arg)
{
	return !io->terminal || terminal_drain(io->terminal, drained, arg);
}

void streams_close(struct streams *io)
{
	for (int i = 0; i < 3; i++) {
		fd_close(&io->hold[i]);
		fd_close(&io->writers[i]);
	}
	streams_given(io);
	terminal_free(io->terminal);
	io->terminal = NULL;
}

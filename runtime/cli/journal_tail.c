/* SPDX-License-Identifier: Apache-2.0 */
/* journal_tail: see journal_tail.h. */
#include "journal_tail.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "record/journal.h"

#define OLD_FILE JOURNAL_FILE ".1"
#define CHUNK_BYTES 16384 /* more than the longest line */

/* By the link in the folder, when it lies elsewhere. */
static int journal_tail_open_file(int dir_fd, const char *name)
{
	_cleanup_fd_ int fd = openat(dir_fd, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? fd_take(&fd) : FD_NONE;
}

static void journal_tail_take(struct journal_tail *t, int *fd)
{
	fd_close(&t->fd);
	t->fd = fd_take(fd);
	t->at = 0;
}

void journal_tail_open(struct journal_tail *t, int dir_fd, bool from_oldest)
{
	_cleanup_fd_ int old = from_oldest ? journal_tail_open_file(dir_fd, OLD_FILE) : FD_NONE;
	_cleanup_fd_ int fd = old < 0 ? journal_tail_open_file(dir_fd, JOURNAL_FILE) : FD_NONE;
	struct stat st;

	journal_tail_take(t, old < 0 ? &fd : &old);
	if (!from_oldest && t->fd >= 0 && fstat(t->fd, &st) == 0)
		t->at = st.st_size;
}

void journal_tail_close(struct journal_tail *t)
{
	fd_close(&t->fd);
}

typedef int line_fn(const char *line, size_t len, void *arg, struct err *e);

/* Whole lines of it; how many bytes those were. */
static ssize_t pass_lines(const char *text, size_t len, line_fn *fn, void *arg, struct err *e)
{
	size_t at = 0;

	for (const char *end; (end = memchr(text + at, '\n', len - at)); at = (size_t)(end - text) + 1) {
		size_t n = (size_t)(end - text) - at;
		int r = n ? fn(text + at, n, arg, e) : 0;
		if (r < 0)
			return r;
	}
	return (ssize_t)at;
}

static int journal_tail_read_on(struct journal_tail *t, line_fn *fn, void *arg, struct err *e)
{
	char chunk[CHUNK_BYTES];
	struct stat st;
	ssize_t n;

	if (fstat(t->fd, &st) == 0 && st.st_size < t->at)
		t->at = 0; /* somebody has emptied it */
	while ((n = pread(t->fd, chunk, sizeof chunk, t->at)) > 0) {
		ssize_t passed = pass_lines(chunk, (size_t)n, fn, arg, e);
		if (passed < 0)
			return (int)passed;
		if (!passed && n < (ssize_t)sizeof chunk)
			return 0; /* its end is still to be written */
		t->at += passed ? passed : n;
	}
	return n < 0 ? err_set(e, errno, "read the journal") : 0;
}

/* What follows the file that is open: NAME.1 when there were two rotations since, else NAME. */
static int open_next(const struct journal_tail *t, int dir_fd)
{
	_cleanup_fd_ int old = FD_NONE, fd = journal_tail_open_file(dir_fd, JOURNAL_FILE);

	if (fd < 0 || fd_is_same_file(fd, t->fd))
		return FD_NONE;
	old = t->fd < 0 ? FD_NONE : journal_tail_open_file(dir_fd, OLD_FILE);
	return old < 0 || fd_is_same_file(old, t->fd) ? fd_take(&fd) : fd_take(&old);
}

int journal_tail_read(struct journal_tail *t, int dir_fd, line_fn *fn, void *arg, struct err *e)
{
	int r = t->fd < 0 ? 0 : journal_tail_read_on(t, fn, arg, e);
	bool is_other = false;

	while (r >= 0 && dir_fd >= 0) {
		_cleanup_fd_ int next = open_next(t, dir_fd);
		if (next < 0)
			break;
		/* What came before it was moved away. */
		r = t->fd < 0 ? 0 : journal_tail_read_on(t, fn, arg, e);
		journal_tail_take(t, &next);
		is_other = true;
		if (r >= 0)
			r = journal_tail_read_on(t, fn, arg, e);
	}
	return r < 0 ? r : is_other;
}

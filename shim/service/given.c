/* SPDX-License-Identifier: Apache-2.0 */
/* given: see given.h. */
#include "service/given.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/fd.h"
#include "loop/fetch.h"
#include "watch/customs.h"

#define LINE_MAX_BYTES (FDSET_NAME_MAX + 128)

int given_open(int dir_fd, struct err *e)
{
	int fd = openat(dir_fd, GIVEN_FILE, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	return fd < 0 ? err_set(e, errno, "open %s", GIVEN_FILE) : fd;
}

void given_mark(struct fdset *set)
{
	for (unsigned i = 0; i < set->n; i++)
		set->v[i].given = LISTEN_FDS_START + (int)i;
}

static bool is_given(const struct fdset_entry *v)
{
	return v->stored && v->given;
}

static int given_write_line(int fd, off_t *at, const char *line, int len)
{
	ssize_t n = pwrite(fd, line, (size_t)len, *at);

	*at += len;
	return n == len ? 0 : n < 0 ? -errno : -ENOSPC;
}

static int write_entry(int fd, off_t *at, const struct fdset_entry *v)
{
	char line[LINE_MAX_BYTES];
	struct stat st;

	if (fstat(v->fd, &st) < 0)
		return -errno;
	int n = snprintf(line, sizeof line, "%d %llu %llu %d %s\n", v->given, (unsigned long long)st.st_dev,
			 (unsigned long long)st.st_ino, v->poll, v->name);
	return given_write_line(fd, at, line, n);
}

/* The head comes last: without it the file says nothing. */
int given_write(int fd, const struct fdset *set, const char *member, uint64_t generation)
{
	char head[64];
	int n = snprintf(head, sizeof head, "%020llu %s\n", (unsigned long long)generation, member);
	off_t at = n;
	int r = ftruncate(fd, 0) < 0 ? -errno : 0;

	for (unsigned i = 0; r >= 0 && i < set->n; i++)
		if (is_given(&set->v[i]))
			r = write_entry(fd, &at, &set->v[i]);
	if (r >= 0 && at > n) {
		at = 0;
		r = given_write_line(fd, &at, head, n);
	}
	return r;
}

/* -- taking it back ---------------------------------------------------------------------------- */

struct file {
	unsigned long long dev, ino;
};

static enum fetched is_file(int fd, const void *arg)
{
	const struct file *file = arg;
	struct stat st;

	if (!customs_may_enter(fd))
		return FETCH_WAITS;
	return fstat(fd, &st) == 0 && st.st_dev == file->dev && st.st_ino == file->ino ? FETCH_IT : FETCH_NOT;
}

/* -ETIMEDOUT when the member has something there that takes too long to look at. */
static int take(int pidfd, const char *line, struct fdset *set, unsigned max)
{
	int number, poll, at = 0;
	struct file file;

	if (sscanf(line, "%d %llu %llu %d %n", &number, &file.dev, &file.ino, &poll, &at) != 4 || !at)
		return 0;
	int fd = fetch_fd(pidfd, number, number + 1, is_file, &file);
	if (fd < 0)
		return fd == -ETIMEDOUT ? fd : 0;
	unsigned before = set->n;
	if (fdset_add(set, fd, line + at, true, poll, max) >= 0 && set->n > before)
		set->v[before].given = number;
	return 0;
}

static bool is_head(const char *line, const char *member, uint64_t generation)
{
	char want[64];

	snprintf(want, sizeof want, "%020llu %s", (unsigned long long)generation, member);
	return !strcmp(line, want);
}

int given_take(int fd, int pidfd, const char *member, uint64_t generation, struct fdset *set, unsigned max)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	FILE *f = copy < 0 ? NULL : fdopen(copy, "r");
	char line[LINE_MAX_BYTES];
	bool is_its = false;
	int r = 0;

	if (!f) {
		fd_close(&copy);
		return -ENOMEM;
	}
	rewind(f);
	for (bool first = true; r >= 0 && fgets(line, sizeof line, f); first = false) {
		line[strcspn(line, "\n")] = '\0';
		if (first)
			is_its = is_head(line, member, generation);
		else if (is_its)
			r = take(pidfd, line, set, max);
	}
	fclose(f);
	return r;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* standing: see standing.h. */
#include "record/standing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fd.h"

#define HEAD_SIZE 192
#define SLOT_SIZE 21 /* "%020lld\n" */
#define ROWS_AT (HEAD_SIZE + SLOT_SIZE * STANDING_FAILURES_MAX)
#define ROW_SIZE 55 /* "%020lld %020lld %010u %d\n" */
#define FILE_SIZE (ROWS_AT + ROW_SIZE * STANDING_MEMBERS_MAX)

static const char *word_or_none(const char *word)
{
	return *word ? word : "-";
}

static int write_at(int fd, const char *text, size_t len, size_t at)
{
	ssize_t written = pwrite(fd, text, len, (off_t)at);

	return written == (ssize_t)len ? 0 : written < 0 ? -errno : -ENOSPC;
}

int standing_write(int fd, const struct standing *st)
{
	char head[HEAD_SIZE + 1];
	int n = snprintf(head, sizeof head, "%s %s %s %llu %d %d %u %u", word_or_none(st->to), word_or_none(st->cause),
			 word_or_none(st->member), (unsigned long long)st->generation, st->status, st->served,
			 st->n_failures, st->failures_in_a_row);

	memset(head + n, ' ', HEAD_SIZE - (size_t)n);
	head[HEAD_SIZE - 1] = '\n';
	return write_at(fd, head, HEAD_SIZE, 0);
}

int standing_fail(int fd, struct standing *st, long long at_ns)
{
	char slot[SLOT_SIZE + 1];
	unsigned i = st->n_failures % STANDING_FAILURES_MAX;

	st->failures_ns[i] = at_ns;
	st->n_failures++;
	snprintf(slot, sizeof slot, "%020lld\n", at_ns);
	return write_at(fd, slot, SLOT_SIZE, HEAD_SIZE + i * SLOT_SIZE);
}

int standing_write_member(int fd, const struct standing *st, unsigned i)
{
	const struct standing_member *m = &st->members[i];
	char row[ROW_SIZE + 1];

	snprintf(row, sizeof row, "%020lld %020lld %010u %d\n", m->began_ms, m->interval_ms, m->restarts, m->failed);
	return write_at(fd, row, ROW_SIZE, ROWS_AT + i * ROW_SIZE);
}

static void clear_none(char *word)
{
	if (!strcmp(word, "-"))
		*word = '\0';
}

/* Blank, or of a version that did not write them: nothing is behind it. */
static void parse_member(const char *row, struct standing_member *ret)
{
	struct standing_member m = { 0 };
	int failed;

	if (*row == ' ' || sscanf(row, "%lld %lld %u %d", &m.began_ms, &m.interval_ms, &m.restarts, &failed) != 4)
		return;
	m.failed = failed;
	*ret = m;
}

static void standing_parse(const char *text, size_t len, struct standing *ret)
{
	unsigned long long generation;
	int served;

	if (sscanf(text, "%31s %31s %31s %llu %d %d %u %u", ret->to, ret->cause, ret->member, &generation, &ret->status,
		   &served, &ret->n_failures, &ret->failures_in_a_row) < 7) {
		*ret = (struct standing){ .status = -1 };
		return;
	}
	ret->generation = generation;
	ret->served = served;
	clear_none(ret->to);
	clear_none(ret->cause);
	clear_none(ret->member);
	for (unsigned i = 0; i < STANDING_FAILURES_MAX && HEAD_SIZE + (i + 1) * SLOT_SIZE <= len; i++)
		ret->failures_ns[i] = strtoll(text + HEAD_SIZE + i * SLOT_SIZE, NULL, 10);
	for (unsigned i = 0; i < STANDING_MEMBERS_MAX && ROWS_AT + (i + 1) * ROW_SIZE <= len; i++)
		parse_member(text + ROWS_AT + i * ROW_SIZE, &ret->members[i]);
}

static int read_from(int fd, struct standing *ret, struct err *e)
{
	char text[FILE_SIZE + 1];
	ssize_t n = pread(fd, text, FILE_SIZE, 0);

	*ret = (struct standing){ .status = -1 };
	if (n < 0)
		return err_set(e, errno, "read %s", STANDING_FILE);
	text[n] = '\0';
	standing_parse(text, (size_t)n, ret);
	return 0;
}

/* All of it is taken now: a disk that is full later does not matter. */
static int standing_reserve(int fd, struct err *e)
{
	char blank[FILE_SIZE];

	memset(blank, ' ', sizeof blank);
	return pwrite(fd, blank, sizeof blank, 0) == (ssize_t)sizeof blank ? 0 : err_set(e, errno, "make %s", STANDING_FILE);
}

int standing_open(int dir_fd, struct standing *ret, struct err *e)
{
	_cleanup_fd_ int fd = openat(dir_fd, STANDING_FILE, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	int r = fd < 0 ? err_set(e, errno, "open %s", STANDING_FILE) : read_from(fd, ret, e);

	if (r >= 0 && !*ret->to)
		r = standing_reserve(fd, e);

	return r < 0 ? r : fd_take(&fd);
}

int standing_read(int dir_fd, struct standing *ret, struct err *e)
{
	_cleanup_fd_ int fd = openat(dir_fd, STANDING_FILE, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	*ret = (struct standing){ .status = -1 };
	if (fd < 0)
		return errno == ENOENT ? 0 : err_set(e, errno, "open %s", STANDING_FILE);
	return read_from(fd, ret, e);
}

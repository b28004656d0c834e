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
#define FILE_SIZE (HEAD_SIZE + SLOT_SIZE * STANDING_FAILURES_MAX)

static const char *word_or_none(const char *word)
{
	return *word ? word : "-";
}

int standing_write(int fd, const struct standing *st)
{
	char head[HEAD_SIZE + 1];
	int n = snprintf(head, sizeof head, "%s %s %s %llu %d %d %u", word_or_none(st->to), word_or_none(st->cause),
			 word_or_none(st->member), (unsigned long long)st->generation, st->status, st->served,
			 st->n_failures);

	memset(head + n, ' ', HEAD_SIZE - (size_t)n);
	head[HEAD_SIZE - 1] = '\n';
	ssize_t written = pwrite(fd, head, HEAD_SIZE, 0);
	return written == HEAD_SIZE ? 0 : written < 0 ? -errno : -ENOSPC;
}

int standing_fail(int fd, struct standing *st, long long at_ns)
{
	char slot[SLOT_SIZE + 1];
	unsigned i = st->n_failures % STANDING_FAILURES_MAX;

	st->failures_ns[i] = at_ns;
	st->n_failures++;
	snprintf(slot, sizeof slot, "%020lld\n", at_ns);
	ssize_t written = pwrite(fd, slot, SLOT_SIZE, (off_t)(HEAD_SIZE + i * SLOT_SIZE));
	return written == SLOT_SIZE ? 0 : written < 0 ? -errno : -ENOSPC;
}

static void clear_none(char *word)
{
	if (!strcmp(word, "-"))
		*word = '\0';
}

static void parse(const char *text, size_t len, struct standing *ret)
{
	unsigned long long generation;
	int served;

	if (sscanf(text, "%31s %31s %31s %llu %d %d %u", ret->to, ret->cause, ret->member, &generation, &ret->status,
		   &served, &ret->n_failures) != 7) {
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
}

static int read_from(int fd, struct standing *ret, struct err *e)
{
	char text[FILE_SIZE + 1];
	ssize_t n = pread(fd, text, FILE_SIZE, 0);

	*ret = (struct standing){ .status = -1 };
	if (n < 0)
		return err_set(e, errno, "read %s", STANDING_FILE);
	text[n] = '\0';
	parse(text, (size_t)n, ret);
	return 0;
}

/* All of it is taken now: a disk that is full later does not matter. */
static int reserve(int fd, struct err *e)
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
		r = reserve(fd, e);

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

/* SPDX-License-Identifier: Apache-2.0 */
/* io: see io.h. */
#include "base/io.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/durable.h"
#include "base/err.h"
#include "base/fd.h"

static ssize_t read_retry(int fd, void *data, size_t len)
{
	ssize_t n;

	do
		n = read(fd, data, len);
	while (n < 0 && errno == EINTR);
	return n;
}

/* The first guess: the file's size where it has one, so that a regular file needs two reads. */
static size_t first_size(const struct stat *st, size_t max)
{
	if (!S_ISREG(st->st_mode) || st->st_size <= 0)
		return max < 4096 ? max : 4096;
	return (unsigned long long)st->st_size < max ? (size_t)st->st_size : max;
}

struct reading {
	int fd;
	size_t max;
	const char *name; /* for messages */
	struct stat st;
};

static int read_all(struct arena *a, const struct reading *in, char **ret_data, size_t *ret_len, struct err *e)
{
	size_t cap = first_size(&in->st, in->max) + 1, len = 0;
	char *data = arena_alloc(a, cap + 1);

	for (;;) {
		if (!data)
			return err_set(e, ENOMEM, "read %s", in->name);
		ssize_t n = read_retry(in->fd, data + len, cap - len);
		if (n < 0)
			return err_set(e, errno, "read %s", in->name);
		if (n == 0)
			break;
		len += (size_t)n;
		if (len > in->max)
			return err_msg(e, EFBIG, "read %s: larger than %zu bytes", in->name, in->max);
		if (len < cap)
			continue;
		char *bigger = arena_alloc(a, cap * 2 + 1);
		if (bigger)
			memcpy(bigger, data, len);
		data = bigger;
		cap *= 2;
	}
	data[len] = '\0';
	*ret_data = data;
	*ret_len = len;
	return 0;
}

int io_read_all(struct arena *a, int fd, size_t max, const char *name, char **ret_data,
		size_t *ret_len, struct err *e)
{
	struct reading in = { .fd = fd, .max = max, .name = name };

	if (fstat(fd, &in.st) < 0)
		return err_set(e, errno, "read %s", name);
	return read_all(a, &in, ret_data, ret_len, e);
}

/* A FIFO would make us wait for somebody to write to it, a device is not what was meant. */
int io_read_file(struct arena *a, int dirfd, const char *path, size_t max, char **ret_data,
		 size_t *ret_len, struct err *e)
{
	_cleanup_fd_ int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct reading in = { .fd = fd, .max = max, .name = path };

	if (fd < 0 || fstat(fd, &in.st) < 0)
		return err_set(e, errno, "open %s", path);
	if (!S_ISREG(in.st.st_mode))
		return err_msg(e, S_ISDIR(in.st.st_mode) ? EISDIR : EINVAL, "open %s: not a regular file", path);
	return read_all(a, &in, ret_data, ret_len, e);
}

ssize_t io_read_small(int dirfd, const char *path, char *buf, size_t size, struct err *e)
{
	_cleanup_fd_ int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_set(e, errno, "open %s", path);
	ssize_t n = read_retry(fd, buf, size - 1);
	if (n < 0)
		return err_set(e, errno, "read %s", path);
	buf[n] = '\0';
	return n;
}

int io_write_all(int fd, const void *data, size_t len, const char *name, struct err *e)
{
	const char *p = data;

	while (len) {
		ssize_t n = write(fd, p, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(e, errno, "write %s", name);
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

bool io_write_now(int fd, const void *data, size_t len)
{
	struct pollfd room = { .fd = fd, .events = POLLOUT };

	return poll(&room, 1, 0) > 0 && room.revents & POLLOUT && write(fd, data, len) == (ssize_t)len;
}

int io_write_at(int dirfd, const char *path, const void *data, size_t len, struct err *e)
{
	_cleanup_fd_ int fd = openat(dirfd, path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return err_set(e, errno, "open %s", path);
	ssize_t n = write(fd, data, len);
	if (n < 0)
		return err_set(e, errno, "write %s", path);
	if ((size_t)n != len)
		return err_msg(e, EIO, "write %s: short write", path);
	return 0;
}

int io_open_log(int dirfd, const char *name, mode_t mode)
{
	struct stat st;
	_cleanup_fd_ int fd = openat(dirfd, name, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK |
						    O_CLOEXEC | O_NOCTTY, mode);

	if (fd < 0)
		return errno == ENXIO ? -EINVAL : -errno; /* a fifo that nobody reads */
	if (fstat(fd, &st) < 0)
		return -errno;
	return S_ISREG(st.st_mode) ? fd_take(&fd) : -EINVAL;
}

static int replace(int dirfd, const char *name, const void *data, size_t len, mode_t mode, bool durably,
		   struct err *e)
{
	char tmp[NAME_MAX + 1];

	if (snprintf(tmp, sizeof tmp, ".%s.new", name) >= (int)sizeof tmp)
		return err_set(e, ENAMETOOLONG, "write %s", name);
	_cleanup_fd_ int fd = openat(
		dirfd, tmp, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, mode);
	if (fd < 0)
		return err_set(e, errno, "create %s", tmp);
	int r = io_write_all(fd, data, len, tmp, e);
	/* A name that is on the disk before its data would be that of an empty file. */
	if (r >= 0 && durably)
		r = durable_sync_file(fd, tmp, e);
	if (r >= 0 && renameat(dirfd, tmp, dirfd, name) < 0)
		r = err_set(e, errno, "rename %s to %s", tmp, name);
	if (r < 0)
		unlinkat(dirfd, tmp, 0);
	return r;
}

int io_replace_at(int dirfd, const char *name, const void *data, size_t len, mode_t mode, struct err *e)
{
	return replace(dirfd, name, data, len, mode, false, e);
}

int io_replace_durably_at(int dirfd, const char *name, const void *data, size_t len, mode_t mode, struct err *e)
{
	int r = replace(dirfd, name, data, len, mode, true, e);

	if (r >= 0 && fsync(dirfd) < 0)
		return err_set(e, errno, "sync the folder of %s", name);
	return r;
}

bool io_parse_u64(const char *s, unsigned long long *ret)
{
	unsigned long long v = 0;

	if (!*s)
		return false;
	for (; *s; s++) {
		if (*s < '0' || *s > '9' || __builtin_mul_overflow(v, 10ULL, &v) ||
		    __builtin_add_overflow(v, (unsigned long long)(*s - '0'), &v))
			return false;
	}
	*ret = v;
	return true;
}

bool io_parse_u32(const char *s, unsigned *ret)
{
	unsigned long long v;

	if (!io_parse_u64(s, &v) || v > UINT_MAX)
		return false;
	*ret = (unsigned)v;
	return true;
}

bool io_parse_i64(const char *s, long long *ret)
{
	bool negative = *s == '-';
	unsigned long long v;

	if (!io_parse_u64(s + negative, &v) || v > (unsigned long long)LLONG_MAX + negative)
		return false;
	*ret = negative ? (long long)-v : (long long)v;
	return true;
}

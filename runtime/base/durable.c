/* SPDX-License-Identifier: Apache-2.0 */
/* durable: see durable.h. */
#include "base/durable.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/err.h"
#include "base/fd.h"

bool durable_matters(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) < 0 || (fs.f_type != TMPFS_MAGIC && fs.f_type != RAMFS_MAGIC);
}

int durable_sync_file(int fd, const char *what, struct err *e)
{
	return fdatasync(fd) < 0 ? err_set(e, errno, "sync %s", what) : 0;
}

static bool is_same_folder(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

int durable_sync_folder(int dir_fd, const char *what, struct err *e)
{
	_cleanup_fd_ int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat here, above;

	if (fd < 0 || fstat(fd, &here) < 0)
		return err_set(e, errno, "sync %s", what);
	for (;;) {
		if (fsync(fd) < 0)
			return err_set(e, errno, "sync %s", what);
		int up = openat(fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (up < 0)
			return errno == EACCES ? 0 : err_set(e, errno, "sync the folder above %s", what);
		close(fd);
		fd = up;
		if (fstat(fd, &above) < 0)
			return err_set(e, errno, "sync the folder above %s", what);
		if (above.st_dev != here.st_dev || is_same_folder(&above, &here))
			return 0;
		here = above;
	}
}

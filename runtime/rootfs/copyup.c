/* SPDX-License-Identifier: Apache-2.0 */
/*
 * copyup: see copyup.h. The source is content: every name is opened below the fd of its folder,
 * O_NOFOLLOW, and what was opened is checked, not the name.
 */
#include "rootfs/copyup.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/fd.h"

#define MAX_DEPTH 200 /* three descriptors a level */

static int copy_folder(int from_fd, int to_fd, int depth, struct err *e);

/* Sets owner and mode of the copy; 0777 & ~umask would be wrong, hence fchmodat. */
static int own(int to_fd, const char *name, const struct stat *st, struct err *e)
{
	/* EINVAL: an id that this user namespace has no name for. */
	if (fchownat(to_fd, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0 &&
	    errno != EINVAL)
		return err_set(e, errno, "copy up: owner of %s", name);
	if (!S_ISLNK(st->st_mode) && fchmodat(to_fd, name, st->st_mode & 07777, 0) < 0)
		return err_set(e, errno, "copy up: mode of %s", name);
	return 0;
}

static int copy_file(int from_fd, int to_fd, const char *name, const struct stat *st,
		     struct err *e)
{
	_cleanup_fd_ int in = openat(from_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	_cleanup_fd_ int out = openat(to_fd, name,
				      O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	struct stat now;
	ssize_t n;

	if (in < 0 || out < 0 || fstat(in, &now) < 0)
		return err_set(e, errno, "copy up %s", name);
	if (!S_ISREG(now.st_mode))
		return err_msg(e, ESTALE, "copy up %s: changed meanwhile", name);
	do
		n = sendfile(out, in, NULL, 1 << 20);
	while (n > 0 || (n < 0 && errno == EINTR));
	return n < 0 ? err_set(e, errno, "copy up %s", name) : own(to_fd, name, st, e);
}

static int copy_link(int from_fd, int to_fd, const char *name, const struct stat *st,
		     struct err *e)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(from_fd, name, target, sizeof target - 1);

	if (n < 0)
		return err_set(e, errno, "copy up %s", name);
	target[n] = '\0';
	if (symlinkat(target, to_fd, name) < 0)
		return err_set(e, errno, "copy up %s", name);
	return own(to_fd, name, st, e);
}

static int copy_subfolder(int from_fd, int to_fd, const char *name, const struct stat *st,
			  int depth, struct err *e)
{
	_cleanup_fd_ int from = openat(from_fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (from < 0 || mkdirat(to_fd, name, 0700) < 0)
		return err_set(e, errno, "copy up %s", name);
	_cleanup_fd_ int to = openat(to_fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (to < 0)
		return err_set(e, errno, "copy up %s", name);
	int r = copy_folder(from, to, depth + 1, e);
	return r < 0 ? r : own(to_fd, name, st, e);
}

static int copy_entry(int from_fd, int to_fd, const char *name, int depth, struct err *e)
{
	struct stat st;

	if (fstatat(from_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_set(e, errno, "copy up %s", name);
	switch (st.st_mode & S_IFMT) {
	case S_IFREG:
		return copy_file(from_fd, to_fd, name, &st, e);
	case S_IFLNK:
		return copy_link(from_fd, to_fd, name, &st, e);
	case S_IFDIR:
		return copy_subfolder(from_fd, to_fd, name, &st, depth, e);
	default:
		if (mknodat(to_fd, name, (st.st_mode & S_IFMT) | 0600, st.st_rdev) < 0)
			return err_set(e, errno, "copy up %s", name);
		return own(to_fd, name, &st, e);
	}
}

static int copy_folder(int from_fd, int to_fd, int depth, struct err *e)
{
	int fd = openat(from_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!dir) {
		r = err_set(e, errno, "copy up: read a folder");
		fd_close(&fd);
		return r;
	}
	if (depth > MAX_DEPTH)
		r = err_msg(e, ELOOP, "copy up: folders nested deeper than %d", MAX_DEPTH);
	while (r >= 0 && (errno = 0, entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			r = copy_entry(from_fd, to_fd, entry->d_name, depth, e);
	if (r >= 0 && errno)
		r = err_set(e, errno, "copy up: read a folder");
	closedir(dir);
	return r;
}

int copyup_tree(int from_fd, int to_fd, struct err *e)
{
	struct stat st;
	int r = copy_folder(from_fd, to_fd, 0, e);

	if (r < 0)
		return r;
	if (fstat(from_fd, &st) < 0)
		return err_set(e, errno, "copy up");
	return own(to_fd, ".", &st, e);
}

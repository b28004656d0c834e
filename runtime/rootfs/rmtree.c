/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rmtree: see rmtree.h. Folders nested deeper than MAX_DEPTH are renamed up to the top and removed
 * from there, so depth costs time and not descriptors.
 */
#include "rootfs/rmtree.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/sys.h"

#define MAX_DEPTH 64

struct removal {
	int top_fd; /* the folder being removed */
	unsigned n_lifted; /* folders renamed up into it */
	bool lifted; /* one came up since the top was read */
};

static int remove_content(struct removal *rm, int fd, int depth, struct err *e);

static int lift(struct removal *rm, int dirfd, const char *name, struct err *e)
{
	char up[32];

	/* Content may have such names already. */
	do {
		snprintf(up, sizeof up, ".lifted-%u", rm->n_lifted++);
		if (sys_renameat2(dirfd, name, rm->top_fd, up, RENAME_NOREPLACE) == 0) {
			rm->lifted = true;
			return 0;
		}
	} while (errno == EEXIST);
	return err_set(e, errno, "move %s up to remove it", name);
}

static int remove_folder(struct removal *rm, int dirfd, const char *name, int depth,
			 struct err *e)
{
	if (depth > MAX_DEPTH)
		return lift(rm, dirfd, name, e);
	_cleanup_fd_ int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : err_set(e, errno, "open %s to remove it", name);
	int r = remove_content(rm, fd_take(&fd), depth, e);
	if (r >= 0 && unlinkat(dirfd, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return err_set(e, errno, "remove folder %s", name);
	return r;
}

static int remove_entry(struct removal *rm, int dirfd, const char *name, int depth, struct err *e)
{
	if (unlinkat(dirfd, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR)
		return err_set(e, errno, "remove %s", name);
	return remove_folder(rm, dirfd, name, depth, e);
}

/* Takes over `fd`. */
static int remove_content(struct removal *rm, int fd, int depth, struct err *e)
{
	DIR *dir = fdopendir(fd);
	struct dirent *entry;
	int r = 0;

	if (!dir) {
		r = err_set(e, errno, "read a folder to remove it");
		close(fd);
		return r;
	}
	while (r >= 0 && (errno = 0, entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			r = remove_entry(rm, fd, entry->d_name, depth + 1, e);
	if (r >= 0 && errno)
		r = err_set(e, errno, "read a folder to remove it");
	closedir(dir);
	return r;
}

int rmtree(int dirfd, const char *name, struct err *e)
{
	_cleanup_fd_ int top = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct removal rm = { .top_fd = top };
	int r;

	if (top < 0)
		return errno == ENOENT ? 0 : err_set(e, errno, "open %s to remove it", name);
	do {
		rm.lifted = false;
		int fd = openat(top, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		r = fd < 0 ? err_set(e, errno, "open %s", name) : remove_content(&rm, fd, 0, e);
	} while (r >= 0 && rm.lifted);
	if (r >= 0 && unlinkat(dirfd, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		r = err_set(e, errno, "remove folder %s", name);
	return r;
}

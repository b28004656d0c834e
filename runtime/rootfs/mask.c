/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mask: see mask.h. Both covers are made once and cloned by fd; nothing of the container is ever
 * taken for /dev/null. A target is looked up once and mounted on by fd.
 */
#include "rootfs/mask.h"

#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/sys.h"
#include "rootfs/mount.h"
#include "rootfs/mount_options.h"
#include "rootfs/null.h"

void mask_close(struct mask_covers *c)
{
	fd_close(&c->null_fd);
	fd_close(&c->given_null_fd);
	fd_close(&c->folder_fd);
}

/* FD_NONE when there is nothing at `path`. */
static int mask_find(int root_fd, const char *path, struct err *e)
{
	int fd = path_try_open_in(root_fd, path, O_PATH);

	if (fd == -ENOENT || fd == -ENOTDIR)
		return FD_NONE;
	return fd < 0 ? err_set(e, -fd, "look up %s", path) : fd;
}

static int make_folder_cover(struct mask_covers *c, struct err *e)
{
	const char *data[] = { "nr_blocks=1", "nr_inodes=1" };
	const struct mount_options o = {
		.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
			    MOUNT_ATTR_NOEXEC,
		.data = data,
		.n_data = 2,
	};
	const struct mount_fs fs = { .type = "tmpfs", .source = "tmpfs", .options = &o,
				     .label = c->label };

	return mount_new(&fs, e);
}

static int make_file_cover(struct mask_covers *c, struct err *e)
{
	return c->given_null_fd >= 0 ? fd_take(&c->given_null_fd) : null_clone(e);
}

/* The first one itself, later ones clones of it, which is attached by then. */
static int cover(int *cover_fd, int (*make)(struct mask_covers *c, struct err *e),
		 struct mask_covers *c, int target_fd, const char *path, struct err *e)
{
	if (*cover_fd < 0) {
		*cover_fd = make(c, e);
		return *cover_fd < 0 ? *cover_fd : mount_attach(*cover_fd, target_fd, path, e);
	}
	_cleanup_fd_ int tree = mount_clone(*cover_fd, "", false, e);
	return tree < 0 ? tree : mount_attach(tree, target_fd, path, e);
}

static int mask(struct mask_covers *c, int root_fd, const char *path, struct err *e)
{
	_cleanup_fd_ int fd = mask_find(root_fd, path, e);
	struct stat st;

	if (fd == FD_NONE)
		return 0;
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return err_set(e, errno, "stat %s", path);
	return S_ISDIR(st.st_mode) ? cover(&c->folder_fd, make_folder_cover, c, fd, path, e) :
				     cover(&c->null_fd, make_file_cover, c, fd, path, e);
}

/* Generated lists name a path twice: one cover will do. */
static bool is_repeated(const oci_strings *paths, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (!strcmp(paths->v[k], paths->v[i]))
			return true;
	return false;
}

int mask_paths(int root_fd, const oci_strings *paths, struct mask_covers *c, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < paths->n; i++) {
		if (is_repeated(paths, i))
			continue;
		r = mask(c, root_fd, paths->v[i], e);
		if (r < 0)
			err_in(e, "mask %s", paths->v[i]);
	}
	return r;
}

static int make_readonly(int root_fd, const char *path, struct err *e)
{
	const struct mount_change ro = { .set = MOUNT_ATTR_RDONLY };
	_cleanup_fd_ int fd = mask_find(root_fd, path, e);

	if (fd < 0)
		return fd == FD_NONE ? 0 : fd;
	_cleanup_fd_ int tree = mount_clone(fd, "", true, e);
	int r = tree < 0 ? tree : mount_change(tree, &ro, path, e);
	return r < 0 ? r : mount_attach(tree, fd, path, e);
}

int mask_readonly_paths(int root_fd, const oci_strings *paths, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < paths->n; i++) {
		r = make_readonly(root_fd, paths->v[i], e);
		if (r < 0)
			err_in(e, "make %s read-only", paths->v[i]);
	}
	return r;
}

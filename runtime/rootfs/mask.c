/*
 * mask: see mask.h. Both covers are made once and cloned by fd; nothing of the container is ever
 * taken for /dev/null. A target is looked up once and mounted on by fd.
 */
#include "rootfs/mask.h"

#include <sys/stat.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/sys.h"
#include "rootfs/dev.h"
#include "rootfs/mount.h"
#include "rootfs/mount_options.h"

/* The covers, made when the first path needs them. */
struct covers {
	int null_fd; /* the host's /dev/null */
	int folder_fd; /* the tmpfs; attached since its first use */
	const char *label;
};

static void close_covers(struct covers *c)
{
	fd_close(&c->null_fd);
	fd_close(&c->folder_fd);
}

/* FD_NONE when there is nothing at `path`. */
static int find(int root_fd, const char *path, struct err *e)
{
	int fd = path_try_open_in(root_fd, path, O_PATH);

	if (fd == -ENOENT || fd == -ENOTDIR)
		return FD_NONE;
	return fd < 0 ? err_set(e, -fd, "look up %s", path) : fd;
}

static int make_folder_cover(const char *label, struct err *e)
{
	const char *data[] = { "nr_blocks=1", "nr_inodes=1" };
	const struct mount_options o = {
		.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
			    MOUNT_ATTR_NOEXEC,
		.data = data,
		.n_data = 2,
	};
	const struct mount_fs fs = { .type = "tmpfs", .source = "tmpfs", .options = &o,
				     .label = label };

	return mount_new(&fs, e);
}

static int cover_folder(struct covers *c, int target_fd, const char *path, struct err *e)
{
	if (c->folder_fd < 0) {
		c->folder_fd = make_folder_cover(c->label, e);
		return c->folder_fd < 0 ? c->folder_fd :
					  mount_attach(c->folder_fd, target_fd, path, e);
	}
	_cleanup_fd_ int tree = mount_clone(c->folder_fd, "", false, e);
	return tree < 0 ? tree : mount_attach(tree, target_fd, path, e);
}

static int cover_file(struct covers *c, int target_fd, const char *path, struct err *e)
{
	if (c->null_fd < 0) {
		c->null_fd = dev_open_null(e);
		if (c->null_fd < 0)
			return c->null_fd;
	}
	_cleanup_fd_ int tree = mount_clone(c->null_fd, "", false, e);
	return tree < 0 ? tree : mount_attach(tree, target_fd, path, e);
}

static int mask(struct covers *c, int root_fd, const char *path, struct err *e)
{
	_cleanup_fd_ int fd = find(root_fd, path, e);
	struct stat st;

	if (fd == FD_NONE)
		return 0;
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return err_set(e, errno, "stat %s", path);
	return S_ISDIR(st.st_mode) ? cover_folder(c, fd, path, e) : cover_file(c, fd, path, e);
}

int mask_paths(int root_fd, const oci_strings *paths, const char *label, struct err *e)
{
	_cleanup_(close_covers) struct covers c = { FD_NONE, FD_NONE, label };
	int r = 0;

	for (size_t i = 0; r >= 0 && i < paths->n; i++) {
		r = mask(&c, root_fd, paths->v[i], e);
		if (r < 0)
			err_in(e, "mask %s", paths->v[i]);
	}
	return r;
}

static int make_readonly(int root_fd, const char *path, struct err *e)
{
	const struct mount_change ro = { .set = MOUNT_ATTR_RDONLY };
	_cleanup_fd_ int fd = find(root_fd, path, e);

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

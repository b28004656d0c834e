/* SPDX-License-Identifier: Apache-2.0 */
/* pivot: see pivot.h. Runs in the container's mount namespace only; changes no propagation. */
#include "rootfs/pivot.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/io.h"
#include "base/mountinfo.h"
#include "base/path.h"
#include "base/sys.h"
#include "rootfs/mount.h"
#include "rootfs/mount_options.h"

#define MOUNTINFO_MAX_BYTES ((size_t)64 << 20)

static int go_to_root(struct err *e)
{
	return chdir("/") < 0 ? err_set(e, errno, "chdir to the new root") : 0;
}

int pivot_enter(int root_fd, struct err *e)
{
	if (fchdir(root_fd) < 0)
		return err_set(e, errno, "chdir to the new root");
	if (sys_pivot_root(".", ".") < 0)
		return errno == EINVAL ? err_msg(e, EINVAL, "pivot_root: Invalid argument: on a host whose root is an "
							    "initramfs it takes --no-pivot")
				       : err_set(e, errno, "pivot_root");
	/* The old root lies on top of the new one now, which is what "." finds. */
	if (sys_umount(".", SYS_MNT_DETACH) < 0)
		return err_set(e, errno, "detach the old root");
	return go_to_root(e);
}

int pivot_chroot(int root_fd, struct err *e)
{
	if (fchdir(root_fd) < 0)
		return err_set(e, errno, "chdir to the new root");
	if (chroot(".") < 0)
		return err_set(e, errno, "chroot");
	return go_to_root(e);
}

/* The mount point when the line is a whole proc or sysfs mount outside `root`. */
static const char *whole_pseudo_mount(char *line, const char *root)
{
	size_t root_len = strlen(root);
	struct mountinfo m;

	if (!mountinfo_parse(line, &m) || (strcmp(m.type, "proc") && strcmp(m.type, "sysfs")) || strcmp(m.root, "/"))
		return NULL;
	if (!strncmp(m.point, root, root_len) && (!m.point[root_len] || m.point[root_len] == '/'))
		return NULL;
	return m.point;
}

static int pivot_cover(const char *path, struct err *e)
{
	const struct mount_options o = { .attr_set = MOUNT_ATTR_RDONLY };
	const struct mount_fs fs = { .type = "tmpfs", .source = "tmpfs", .options = &o };
	_cleanup_fd_ int target = open(path, O_PATH | O_CLOEXEC);

	if (target < 0)
		return err_set(e, errno, "open %s", path);
	_cleanup_fd_ int fd = mount_new(&fs, e);
	return fd < 0 ? fd : mount_attach(fd, target, path, e);
}

static int take_away(const char *path, struct err *e)
{
	/* ENOENT, EINVAL: gone with a mount above it, or covered. */
	if (sys_umount(path, SYS_MNT_DETACH) == 0 || errno == ENOENT)
		return 0;
	if (errno != EINVAL && errno != EPERM)
		return err_set(e, errno, "unmount %s", path);
	return pivot_cover(path, e);
}

static int take_away_pseudo(const char *root, struct err *e)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	char *text, *line;
	size_t len;
	int r = io_read_file(&a, AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX_BYTES, &text, &len,
			     e);

	while (r >= 0 && (line = strsep(&text, "\n"))) {
		const char *path = whole_pseudo_mount(line, root);
		if (path)
			r = take_away(path, e);
	}
	return r;
}

int pivot_move(int root_fd, struct err *e)
{
	char root[PATH_MAX];
	ssize_t n = readlink(path_of_fd(root_fd).text, root, sizeof root - 1);

	if (n < 0)
		return err_set(e, errno, "find the path of the new root");
	root[n] = '\0';
	int r = take_away_pseudo(root, e);
	if (r < 0)
		return r;
	_cleanup_fd_ int top = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (top < 0)
		return err_set(e, errno, "open /");
	r = mount_attach(root_fd, top, "/", e);
	return r < 0 ? r : pivot_chroot(root_fd, e);
}

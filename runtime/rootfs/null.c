/* SPDX-License-Identifier: Apache-2.0 */
/* null: see null.h. */
#include "rootfs/null.h"

#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/caller.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/sys.h"
#include "ns/ns.h"
#include "rootfs/mount.h"
#include "rootfs/mount_legacy.h"

static bool is_null(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3);
}

/* The inode is writable for its owner. */
static bool is_lent(int fd)
{
	struct statvfs fs;

	return is_null(fd) && fstatvfs(fd, &fs) == 0 && !(fs.f_flag & ST_RDONLY);
}

static const struct mount_change ro = { .set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC };

int null_clone(struct err *e)
{
	_cleanup_fd_ int tree = mount_clone(AT_FDCWD, "/dev/null", false, e);

	if (tree < 0)
		return tree;
	if (!is_null(tree))
		return err_msg(e, ENODEV, "/dev/null of the host is not device 1:3");
	int r = mount_change(tree, &ro, "/dev/null", e);
	return r < 0 ? r : fd_take(&tree);
}

/* A process that may not clone the mount is in a user namespace that is not the mount's owner's, and has no power over the
 * inode of the host's root either. */
static bool is_out_of_reach(int why, struct err *e)
{
	bool yes = why == -EPERM && caller_is_inside();

	if (yes)
		err_clear(e);
	return yes;
}

/* In a mount namespace that nobody is in any more afterwards. */
static int make_by_mount(void *arg, struct err *e)
{
	int *ret = arg, r;

	if (sys_mount(NULL, "/", NULL, MS_PRIVATE | MS_REC, NULL) < 0)
		return err_set(e, errno, "mount /dev/null read-only");
	_cleanup_fd_ int fd = mount_legacy_clone(AT_FDCWD, "/dev/null", false, e);
	if (fd < 0)
		return fd;
	r = is_null(fd) ? mount_legacy_change(fd, &ro, "/dev/null", e) :
			  err_msg(e, ENODEV, "/dev/null of the host is not device 1:3");
	if (r >= 0)
		*ret = fd_take(&fd);
	return r;
}

/* Where detached mounts are refused, the runtime has one in a namespace, which can be attached nowhere else. */
static int clone_or_mount(bool *ret_is_detached, struct err *e)
{
	int fd = null_clone(e);

	*ret_is_detached = fd >= 0;
	if (fd >= 0 || (!mount_is_refused(e->code, SYS_open_tree) && !mount_is_refused(e->code, SYS_mount_setattr)))
		return fd;
	err_clear(e);
	int r = ns_call_unshared(CLONE_NEWNS, make_by_mount, &fd, e);
	return r < 0 ? r : fd;
}

int null_reopen(int *ret_tree, struct err *e)
{
	_cleanup_fd_ int tree = FD_NONE;
	bool is_detached = false;

	*ret_tree = FD_NONE;
	if (geteuid() != 0)
		return 0;
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (!is_lent(fd))
			continue;
		if (tree < 0 && (tree = clone_or_mount(&is_detached, e)) < 0)
			return is_out_of_reach(tree, e) ? 0 : tree;
		_cleanup_fd_ int own = open(path_of_fd(tree).text, fcntl(fd, F_GETFL) & (O_ACCMODE | O_APPEND));
		if (own < 0 || dup2(own, fd) < 0)
			return err_set(e, errno, "open /dev/null for descriptor %d", fd);
	}
	if (is_detached)
		*ret_tree = fd_take(&tree);
	return 0;
}

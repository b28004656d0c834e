/* SPDX-License-Identifier: Apache-2.0 */
/*
 * procfd: see procfd.h. A procfs mounted by content or by an image is never looked at: the handle
 * is a fresh superblock view that exists nowhere in a mount tree, and lookups cannot leave it.
 */
#include "base/procfd.h"

#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/sys.h"

#ifndef FSMOUNT_CLOEXEC
#define FSMOUNT_CLOEXEC 1
#endif

static int open_detached(void)
{
	_cleanup_fd_ int fs = sys_fsopen("proc", FSOPEN_CLOEXEC);

	if (fs < 0 || sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -errno;
	int fd = sys_fsmount(fs, FSMOUNT_CLOEXEC,
			     MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	return fd < 0 ? -errno : fd;
}

int procfd_open(struct err *e)
{
	struct statfs fs;
	int detached = open_detached();

	if (detached >= 0)
		return detached;
	/* Unprivileged, or masked /proc in a user namespace: the visible one, if it is one. */
	_cleanup_fd_ int fd = open("/proc", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_set(e, errno, "open /proc");
	if (fstatfs(fd, &fs) < 0)
		return err_set(e, errno, "stat the file system of /proc");
	if (fs.f_type != PROC_SUPER_MAGIC)
		return err_msg(e, EXDEV, "open /proc: not a proc file system");
	return fd_take(&fd);
}

int procfd_openat(int procfd, const char *path, int flags, struct err *e)
{
	struct open_how how = {
		.flags = (unsigned)flags | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS,
	};
	int fd = sys_openat2(procfd, path, &how);

	return fd < 0 ? err_set(e, errno, "open /proc/%s", path) : fd;
}

int procfd_write(int procfd, const char *path, const char *data, struct err *e)
{
	_cleanup_fd_ int fd = procfd_openat(procfd, path, O_WRONLY, e);

	if (fd < 0)
		return fd;
	size_t len = strlen(data);
	ssize_t n = write(fd, data, len);
	if (n < 0)
		return err_set(e, errno, "write \"%s\" to /proc/%s", data, path);
	return (size_t)n == len ? 0 : err_msg(e, EIO, "write /proc/%s: short write", path);
}

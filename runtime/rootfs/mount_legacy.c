/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mount_legacy: see mount_legacy.h. mount(2) wants paths: it gets /proc/self/fd/N, which lead to
 * the very objects that are held open. /proc and /sys are the host's until the root is entered.
 */
#include "rootfs/mount_legacy.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/sys.h"
#include "rootfs/mount_options.h"

#define STAGE "/sys"
#define ST_NOSYMFOLLOW_ 0x2000 /* statfs(2); not in <sys/statvfs.h> */

static const struct {
	unsigned attr, ms, st;
} flags[] = {
	{ MOUNT_ATTR_RDONLY, MS_RDONLY, ST_RDONLY },
	{ MOUNT_ATTR_NOSUID, MS_NOSUID, ST_NOSUID },
	{ MOUNT_ATTR_NODEV, MS_NODEV, ST_NODEV },
	{ MOUNT_ATTR_NOEXEC, MS_NOEXEC, ST_NOEXEC },
	{ MOUNT_ATTR_NOATIME, MS_NOATIME, ST_NOATIME },
	{ MOUNT_ATTR_STRICTATIME, MS_STRICTATIME, 0 },
	{ MOUNT_ATTR_NODIRATIME, MS_NODIRATIME, ST_NODIRATIME },
	{ MOUNT_ATTR_NOSYMFOLLOW, MS_NOSYMFOLLOW, ST_NOSYMFOLLOW_ },
};

static unsigned long ms_of_attrs(uint64_t attrs)
{
	unsigned long ms = 0;

	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
		if (attrs & flags[i].attr)
			ms |= flags[i].ms;
	return ms;
}

/* The attributes that the mount has now. */
static uint64_t attrs_of(int fd)
{
	struct statvfs st;
	uint64_t attrs = 0;

	if (fstatvfs(fd, &st) < 0)
		return 0;
	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
		if (st.f_flag & flags[i].st)
			attrs |= flags[i].attr;
	if (!(st.f_flag & (ST_NOATIME | ST_RELATIME)))
		attrs |= MOUNT_ATTR_STRICTATIME;
	return attrs;
}

/* The mount on top of the stage. */
static int open_staged(struct err *e)
{
	int fd = open(STAGE, O_PATH | O_CLOEXEC);

	return fd < 0 ? err_set(e, errno, "open " STAGE) : fd;
}

static void put_data(struct buf *b, const struct mount_fs *fs)
{
	const struct mount_options *o = fs->options;

	if (fs->mode)
		buf_printf(b, "mode=%s,", fs->mode);
	for (size_t i = 0; i < o->n_data; i++)
		buf_printf(b, "%s,", o->data[i]);
	if (fs->label && !mount_has_data(o, "context="))
		buf_printf(b, "context=\"%s\",", fs->label);
	if (b->len)
		b->data[--b->len] = '\0';
}

int mount_legacy_new(const struct mount_fs *fs, struct err *e)
{
	_cleanup_buf_ struct buf data = BUF_INIT;
	const struct mount_options *o = fs->options;
	uint64_t attrs = ((o->attr_set & ~o->rec_clr) | o->rec_set) & ~fs->attr_skip;
	/* Of a shared superblock the mount alone becomes read-only, in a second step. */
	struct mount_change late = { .set = fs->pseudo ? attrs & MOUNT_ATTR_RDONLY : 0 };
	unsigned sb = fs->pseudo || fs->attr_skip ? o->sb_set & ~MS_RDONLY : o->sb_set;

	put_data(&data, fs);
	if (data.failed)
		return err_set(e, ENOMEM, "make a %s", fs->type);
	if (sys_mount(fs->source ? fs->source : "none", STAGE, fs->type, sb | ms_of_attrs(attrs & ~late.set), data.data) < 0)
		return err_set(e, errno, "make a %s with \"%s\"", fs->type, data.len ? data.data : "");
	_cleanup_fd_ int fd = open_staged(e);
	int r = fd < 0 ? fd : mount_legacy_change(fd, &late, fs->type, e);
	return r < 0 ? r : fd_take(&fd);
}

int mount_legacy_clone(int dirfd, const char *path, bool recursive, struct err *e)
{
	_cleanup_fd_ int opened = FD_NONE;
	const char *source = ".";

	if (*path)
		dirfd = opened = openat(dirfd, path, O_PATH | O_CLOEXEC);
	if (*path && dirfd < 0)
		return err_set(e, errno, "open %s", path);
	struct path_fd_name name = path_of_fd(dirfd);
	if (dirfd != AT_FDCWD)
		source = name.text;
	if (sys_mount(source, STAGE, NULL, MS_BIND | (recursive ? MS_REC : 0), NULL) == 0)
		return open_staged(e);
	if (errno != ENOTDIR)
		return err_set(e, errno, "clone the mount of %s", *path ? path : "a folder");
	/* A file: the stage must be one as well. */
	_cleanup_fd_ int null = open("/dev/null", O_PATH | O_CLOEXEC);
	if (null < 0 || sys_mount(source, path_of_fd(null).text, NULL, MS_BIND, NULL) < 0)
		return err_set(e, errno, "clone the mount of %s", *path ? path : "a file");
	int fd = open("/dev/null", O_PATH | O_CLOEXEC);
	return fd < 0 ? err_set(e, errno, "open /dev/null") : fd;
}

int mount_legacy_attach(int tree_fd, int target_fd, const char *where, struct err *e)
{
	struct path_fd_name from = path_of_fd(tree_fd), to = path_of_fd(target_fd);

	if (sys_mount(from.text, target_fd == AT_FDCWD ? "." : to.text, NULL, MS_MOVE, NULL) < 0)
		return err_set(e, errno, "attach the mount at %s", where);
	return 0;
}

int mount_legacy_change(int fd, const struct mount_change *change, const char *where,
			struct err *e)
{
	struct path_fd_name name = path_of_fd(fd);
	unsigned long rec = change->recursive ? MS_REC : 0;

	if (change->set & MOUNT_ATTR_IDMAP || (rec && (change->set || change->clr)))
		return err_set(e, ENOSYS, "change the mounts at %s", where);
	if ((change->set || change->clr) &&
	    sys_mount(NULL, name.text, NULL,
		      MS_REMOUNT | MS_BIND |
			      ms_of_attrs((attrs_of(fd) & ~change->clr) | change->set),
		      NULL) < 0)
		return err_set(e, errno, "change the mount at %s", where);
	if (change->propagation &&
	    sys_mount(NULL, name.text, NULL, change->propagation | rec, NULL) < 0)
		return err_set(e, errno, "change the propagation at %s", where);
	return 0;
}

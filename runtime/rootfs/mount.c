/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mount: see mount.h. Steps only, no policy: what is mounted where is mount_plan.c's and
 * mount_run.c's business.
 */
#include "rootfs/mount.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/caller.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/refusal.h"
#include "base/sys.h"
#include "rootfs/mount_legacy.h"
#include "rootfs/mount_options.h"

#define FS_VALUE_MAX 255 /* fsconfig(2) takes no longer strings */

static const struct {
	unsigned flag;
	const char *on, *off;
} sb_flags[] = {
	{ MS_RDONLY, "ro", "rw" },
	{ MS_SYNCHRONOUS, "sync", "async" },
	{ MS_DIRSYNC, "dirsync", NULL },
	{ MS_LAZYTIME, "lazytime", "nolazytime" },
	{ MS_MANDLOCK, "mand", "nomand" },
};

static bool legacy_allowed;
static bool legacy_forced; /* attributes: mount(2) changes those of attached mounts alone */

void mount_allow_legacy(void)
{
	legacy_allowed = true;
}

bool mount_is_refused(int errnum, long call)
{
	return (errnum == ENOSYS || errnum == EPERM) && refusal_is(call);
}

/* After a failure with errno. */
static bool needs_legacy(long call)
{
	return legacy_allowed && mount_is_refused(errno, call);
}

int mount_fs_error(int fs_fd, int errnum, struct err *e, const char *fmt, ...)
{
	char text[512], log[512], why[512] = "";
	ssize_t n;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	/* One message a read, "e ", "w " or "i " in front; the last error is the reason. */
	while (fs_fd >= 0 && (n = read(fs_fd, log, sizeof log - 1)) > 0) {
		log[n] = '\0';
		log[strcspn(log, "\n")] = '\0';
		if (log[0] == 'e' && log[1] == ' ')
			memcpy(why, log + 2, strlen(log + 2) + 1);
	}
	if (!*why)
		return err_set(e, errnum, "%s", text);
	return err_msg(e, errnum, "%s: %s (%s)", text, strerror(errnum), why);
}

int mount_fs_string(int fs_fd, const char *key, const char *value, struct err *e)
{
	if (strlen(value) > FS_VALUE_MAX)
		return err_set(e, EMSGSIZE, "set \"%s\"", key);
	if (sys_fsconfig(fs_fd, FSCONFIG_SET_STRING, key, value, 0) < 0)
		return mount_fs_error(fs_fd, errno, e, "set \"%s\" to \"%s\"", key, value);
	return 0;
}

static int set_flag(int fs_fd, const char *key, struct err *e)
{
	if (sys_fsconfig(fs_fd, FSCONFIG_SET_FLAG, key, NULL, 0) < 0)
		return mount_fs_error(fs_fd, errno, e, "set \"%s\"", key);
	return 0;
}

/* SELinux's: context, fscontext, defcontext, rootcontext. */
static bool is_context(const char *key)
{
	size_t n = strlen(key), tail = strlen("context");

	return n >= tail && !strcmp(key + n - tail, "context");
}

/* In mount(2)'s string a label with commas is quoted, and so are the options that engines give. */
static const char *unquote(const char *value, char plain[FS_VALUE_MAX + 1])
{
	size_t n = strlen(value);

	if (n < 2 || n - 2 > FS_VALUE_MAX || *value != '"' || value[n - 1] != '"')
		return value;
	memcpy(plain, value + 1, n - 2);
	plain[n - 2] = '\0';
	return plain;
}

/* "key" or "key=value" */
static int set_data(int fs_fd, const char *data, struct err *e)
{
	const char *equals = strchr(data, '=');
	char key[128], plain[FS_VALUE_MAX + 1];

	if (!equals)
		return set_flag(fs_fd, data, e);
	size_t len = (size_t)(equals - data);
	if (len >= sizeof key)
		return err_set(e, EMSGSIZE, "set \"%.64s…\"", data);
	memcpy(key, data, len);
	key[len] = '\0';
	const char *value = equals + 1;
	return mount_fs_string(fs_fd, key, is_context(key) ? unquote(value, plain) : value, e);
}

static int set_sb_flags(int fs_fd, unsigned set, unsigned clr, struct err *e)
{
	for (size_t i = 0; i < sizeof sb_flags / sizeof *sb_flags; i++) {
		int r = 0;
		if (set & sb_flags[i].flag)
			r = set_flag(fs_fd, sb_flags[i].on, e);
		else if ((clr & sb_flags[i].flag) && sb_flags[i].off)
			r = set_flag(fs_fd, sb_flags[i].off, e);
		if (r < 0)
			return r;
	}
	/* File systems that can turn it off know it by this name; the others keep it or have none. */
	if ((set & MS_I_VERSION) && set_flag(fs_fd, "i_version", e) < 0) {
		if (e->code != EINVAL)
			return -e->code;
		err_clear(e);
	}
	return 0;
}

/* Default configs give terminals to the group tty. Where that is not mapped they are their opener's, as without. */
static bool is_unmapped(const char *type, const char *data)
{
	size_t digits = strspn(data + strcspn(data, "=") + 1, "0123456789");

	return !strcmp(type, "devpts") && !strncmp(data, "gid=", 4) && digits && !data[4 + digits] && caller_is_inside();
}

static int configure(int fs_fd, const struct mount_fs *fs, struct err *e)
{
	const struct mount_options *o = fs->options;
	int r = 0;

	if (fs->source)
		r = mount_fs_string(fs_fd, "source", fs->source, e);
	if (r >= 0 && fs->mode)
		r = mount_fs_string(fs_fd, "mode", fs->mode, e);
	for (size_t i = 0; r >= 0 && i < o->n_data; i++) {
		r = set_data(fs_fd, o->data[i], e);
		if (r == -EINVAL && is_unmapped(fs->type, o->data[i])) {
			err_clear(e);
			r = 0;
		}
	}
	if (r >= 0 && fs->label && !mount_has_data(o, "context="))
		r = mount_fs_string(fs_fd, "context", fs->label, e);
	/* A new superblock has every flag off: only those that are on need saying. */
	if (r >= 0)
		r = set_sb_flags(fs_fd, fs->pseudo ? o->sb_set & ~MS_RDONLY : o->sb_set, 0, e);
	return r;
}

int mount_new(const struct mount_fs *fs, struct err *e)
{
	if (legacy_forced && !fs->context)
		return mount_legacy_new(fs, e);
	_cleanup_fd_ int fs_fd = fs->context ? fd_take(fs->context) : sys_fsopen(fs->type, FSOPEN_CLOEXEC);
	if (fs_fd < 0 && !fs->context && needs_legacy(SYS_fsopen))
		return mount_legacy_new(fs, e);
	if (fs_fd < 0)
		return err_set(e, errno, "file system type \"%s\"", fs->type);
	int r = configure(fs_fd, fs, e);
	if (r == -EMSGSIZE && legacy_allowed && !fs->context) {
		err_clear(e);
		return mount_legacy_new(fs, e); /* a page in all instead of 255 bytes a value */
	}
	if (r < 0)
		return r;
	if (sys_fsconfig(fs_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return mount_fs_error(fs_fd, errno, e, "make a %s", fs->type);
	const struct mount_options *o = fs->options;
	uint64_t attrs = ((o->attr_set & ~o->rec_clr) | o->rec_set) & ~fs->attr_skip;
	int fd = sys_fsmount(fs_fd, FSMOUNT_CLOEXEC, (unsigned)attrs);
	return fd < 0 ? mount_fs_error(fs_fd, errno, e, "make a mount of a %s", fs->type) : fd;
}

int mount_clone(int dirfd, const char *path, bool recursive, struct err *e)
{
	unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (*path ? 0 : AT_EMPTY_PATH) |
			 (recursive ? AT_RECURSIVE : 0);

	if (legacy_forced)
		return mount_legacy_clone(dirfd, path, recursive, e);
	int fd = sys_open_tree(dirfd, path, flags);
	if (fd < 0 && needs_legacy(SYS_open_tree))
		return mount_legacy_clone(dirfd, path, recursive, e);
	return fd < 0 ? err_set(e, errno, "clone the mount of %s", *path ? path : "a folder") : fd;
}

/* The kernel says EINVAL for this as for much else. */
static bool is_kind_mixed(int tree_fd, int target_fd)
{
	struct stat tree, target;

	return fstatat(tree_fd, "", &tree, AT_EMPTY_PATH) == 0 &&
	       fstatat(target_fd, "", &target, AT_EMPTY_PATH) == 0 &&
	       S_ISDIR(tree.st_mode) != S_ISDIR(target.st_mode);
}

int mount_attach(int tree_fd, int target_fd, const char *where, struct err *e)
{
	if (sys_move_mount(tree_fd, "", target_fd, "",
			   MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) == 0)
		return 0;
	if (needs_legacy(SYS_move_mount))
		return mount_legacy_attach(tree_fd, target_fd, where, e);
	if (errno == EINVAL && is_kind_mixed(tree_fd, target_fd))
		return err_set(e, ENOTDIR, "attach the mount at %s: a folder and a file", where);
	return err_set(e, errno, "attach the mount at %s", where);
}

int mount_change(int fd, const struct mount_change *change, const char *where, struct err *e)
{
	struct mount_attr attr = {
		.attr_set = change->set,
		.attr_clr = change->clr,
		.propagation = change->propagation,
		.userns_fd = change->set & MOUNT_ATTR_IDMAP ? (uint64_t)change->userns_fd : 0,
	};

	if (!attr.attr_set && !attr.attr_clr && !attr.propagation)
		return 0;
	if (sys_mount_setattr(fd, "", AT_EMPTY_PATH | (change->recursive ? AT_RECURSIVE : 0),
			      &attr) == 0)
		return 0;
	return needs_legacy(SYS_mount_setattr) ? mount_legacy_change(fd, change, where, e) :
				err_set(e, errno, "change the mount at %s", where);
}

int mount_isolate(unsigned propagation, struct err *e)
{
	struct mount_attr attr = { .propagation = propagation };

	if (sys_mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &attr) == 0)
		return 0;
	legacy_forced = needs_legacy(SYS_mount_setattr);
	if (legacy_forced && sys_mount(NULL, "/", NULL, propagation | MS_REC, NULL) == 0)
		return 0;
	if (errno == EINVAL)
		return err_msg(e, EINVAL, "keep mounts from the host: / is no mount point here, as in a plain chroot: "
					  "bind the folder to itself before the chroot (mount --rbind DIR DIR)");
	return err_set(e, errno, "keep mounts from the host");
}

/* One propagation setting: MS_SHARED … with or without MS_REC. */
static int propagate(int fd, unsigned flags, const char *where, struct err *e)
{
	struct mount_change c = { .propagation = flags & ~MS_REC, .recursive = flags & MS_REC };

	return mount_change(fd, &c, where, e);
}

static const struct {
	unsigned long st;
	uint64_t attr;
	const char *name;
} lockable[] = { { ST_RDONLY, MOUNT_ATTR_RDONLY, "ro" }, { ST_NOSUID, MOUNT_ATTR_NOSUID, "nosuid" },
		 { ST_NODEV, MOUNT_ATTR_NODEV, "nodev" }, { ST_NOEXEC, MOUNT_ATTR_NOEXEC, "noexec" } };

/* Of the flags that `c` takes away those that the mount has: one that the host has set is locked in a user namespace. */
static bool keep_locked(int fd, struct mount_change *c, const char *where)
{
	struct statvfs fs;
	bool any = false;

	if (fstatvfs(fd, &fs) < 0)
		return false;
	for (size_t i = 0; i < sizeof lockable / sizeof *lockable; i++) {
		if (!(fs.f_flag & lockable[i].st && c->clr & lockable[i].attr))
			continue;
		c->clr &= ~lockable[i].attr;
		log_warn("mount at %s: stays %s, as the host has it: a user namespace may not take that away", where,
			 lockable[i].name);
		any = true;
	}
	return any;
}

/* What an option of the config asks for. Engines write "rw" for every volume. */
static int change_as_allowed(int fd, struct mount_change c, const char *where, struct err *e)
{
	int r = mount_change(fd, &c, where, e);

	if (r != -EPERM || !caller_is_inside() || !keep_locked(fd, &c, where))
		return r;
	err_clear(e);
	return mount_change(fd, &c, where, e);
}

int mount_apply_options(int tree_fd, const struct mount_options *o, bool recursive,
			unsigned propagation, const char *where, struct err *e)
{
	struct mount_change all = { o->rec_set, o->rec_clr, propagation, .recursive = recursive };
	struct mount_change top = { o->attr_set, o->attr_clr };
	size_t first = 0;

	/* The first wish takes the place of the default when it is as strong. */
	if (o->n_propagation && (o->propagation[0] & (MS_REC | MS_SHARED)) == MS_REC) {
		all.propagation = o->propagation[0] & ~MS_REC;
		first = 1;
	}
	if (!recursive) {
		/* The tree is a single mount: one call does both. */
		all.set |= top.set & ~o->rec_clr;
		all.clr |= top.clr;
		top = (struct mount_change){ 0 };
	}
	/* In this order "ro,rrw" is writable, as the recursive option says. */
	int r = change_as_allowed(tree_fd, top, where, e);
	if (r >= 0)
		r = change_as_allowed(tree_fd, all, where, e);
	for (size_t i = first; r >= 0 && i < o->n_propagation; i++)
		r = propagate(tree_fd, o->propagation[i], where, e);
	return r;
}

int mount_reconfigure(int target_fd, const struct mount_options *o, const char *where,
		      struct err *e)
{
	int r = 0;

	if (!o->bind) {
		_cleanup_fd_ int fs_fd =
			sys_fspick(target_fd, "", FSPICK_CLOEXEC | FSPICK_EMPTY_PATH);
		if (fs_fd < 0)
			return err_set(e, errno, "remount %s", where);
		for (size_t i = 0; r >= 0 && i < o->n_data; i++)
			r = set_data(fs_fd, o->data[i], e);
		if (r >= 0)
			r = set_sb_flags(fs_fd, o->sb_set, o->sb_clr, e);
		if (r >= 0 && sys_fsconfig(fs_fd, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0) < 0)
			r = mount_fs_error(fs_fd, errno, e, "reconfigure");
		if (r < 0)
			return err_in(e, "remount %s", where);
	}
	return mount_apply_options(target_fd, o, o->recursive || o->rec_set || o->rec_clr, 0, where,
				   e);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mount_run: the child's half of the plan: finds each target once by openat2 inside the new root
 * and mounts on that descriptor. Never looks a target up again.
 * config.md "Mounts"; the rules for /proc are those that runc and crun enforce.
 */
#include "rootfs/mount_plan.h"

#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/sys.h"
#include "rootfs/copyup.h"
#include "rootfs/mount.h"

/* Files that lxcfs and the like provide; anything else inside /proc would fool the container. */
static const char *const proc_files[] = {
	"proc/cpuinfo",	 "proc/diskstats", "proc/meminfo",		"proc/stat",
	"proc/swaps",	 "proc/uptime",	   "proc/loadavg",		"proc/slabinfo",
	"proc/sys/kernel/ns_last_pid",	   "proc/sys/crypto/fips_enabled",
};

bool mount_proc_file_allowed(const char *dest)
{
	for (size_t i = 0; i < sizeof proc_files / sizeof *proc_files; i++)
		if (!strcmp(proc_files[i], dest))
			return true;
	return false;
}

static bool is_procfs(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC;
}

#define PROC_ROOT_INO 1 /* of every procfs; its folders, as sys, are no procfs by themselves */

static bool is_procfs_root(int fd)
{
	struct stat st;

	return is_procfs(fd) && fstat(fd, &st) == 0 && st.st_ino == PROC_ROOT_INO;
}

int mount_proc_check(const struct mount_op *op, int target_fd, struct err *e)
{
	if (!strcmp(op->dest, "proc")) {
		if (op->bind ? is_procfs_root(op->tree_fd) : !strcmp(op->mount->type, "proc"))
			return 0;
		return err_msg(e, EPERM, "only a procfs can be mounted at /proc");
	}
	if (mount_proc_file_allowed(op->dest))
		return 0;
	/* By name, and by what a symlink may have led to. */
	if (strncmp(op->dest, "proc/", 5) && !is_procfs(target_fd))
		return 0;
	return err_msg(e, EPERM, "inside /proc: not allowed");
}

/*
 * Where there was no folder, a tmpfs without "mode=" has the kernel's mode, 01777, in runc and crun. The folder that
 * is made for it stays in the root: nobody else may write to it, and by this mode the next start in the same root
 * knows it and finds what the first one found.
 */
#define MADE_FOR_TMPFS 01755

static mode_t new_mode(const struct mount_op *op, bool file)
{
	bool open = !op->bind && op->type && op->type->copy_mode && strcmp(op->dest, "dev") != 0 &&
		    !mount_has_data(&op->o, "mode=");

	return file ? 0644 : open ? MADE_FOR_TMPFS : 0755;
}

/* Looks the target up, or makes it: a folder, or a file for a tree that is one. */
static int open_target(const struct mount_plan *plan, const struct mount_op *op, bool file,
		       struct err *e)
{
	bool plain = op->type && op->type->plain_folder;
	int fd;

	if (plain || mount_proc_file_allowed(op->dest))
		fd = path_try_open_nofollow(plan->root_fd, op->dest,
					    O_PATH | (plain ? O_DIRECTORY : 0));
	else
		fd = path_try_open_in(plan->root_fd, op->dest, O_PATH);
	if (plain && (fd == -ENOTDIR || fd == -ELOOP))
		return err_msg(e, -fd, "must be mounted on an ordinary folder");
	if (fd == -ENOENT)
		fd = path_make_missing(plan->root_fd, op->dest, new_mode(op, file), file, e);
	else if (fd < 0)
		return err_set(e, -fd, "look up the target");
	if (fd < 0)
		return fd;
	int r = mount_proc_check(op, fd, e);
	if (r < 0)
		close(fd);
	return r < 0 ? r : fd;
}

static int mount_run_attach(const struct mount_op *op, int tree_fd, int target_fd, struct err *e)
{
	return mount_attach(tree_fd, target_fd, op->mount->destination, e);
}

/* Keeps the fd of a mount over "/", which everything later goes on top of. */
static void keep_root(struct mount_plan *plan, struct mount_op *op, int *tree_fd)
{
	if (*op->dest)
		return;
	op->tree_fd = fd_take(tree_fd);
	plan->root_fd = op->tree_fd;
}

static bool is_file(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && !S_ISDIR(st.st_mode);
}

/* Clones a source that the parent could not: it is unprivileged, or an earlier mount brought it. */
static int clone_source(const struct mount_plan *plan, const struct mount_op *op, struct err *e)
{
	if (!op->in_root)
		return mount_clone(AT_FDCWD, op->source, op->o.recursive, e);
	_cleanup_fd_ int source = path_open_in(plan->root_fd, op->in_root, O_PATH, e);

	return source < 0 ? err_in(e, "bind source %s", op->source) :
			    mount_clone(source, "", op->o.recursive, e);
}

/* Binds what the parent cloned, or else clones it here. */
static int run_bind(struct mount_plan *plan, struct mount_op *op, struct err *e)
{
	int r = 0;

	if (op->tree_fd < 0) {
		op->tree_fd = clone_source(plan, op, e);
		if (op->tree_fd < 0) {
			op->tree_fd = FD_NONE;
			return -e->code;
		}
		r = mount_apply_options(op->tree_fd, &op->o, op->o.recursive, plan->propagation,
					op->mount->destination, e);
	}
	_cleanup_fd_ int target = r < 0 ? r : open_target(plan, op, is_file(op->tree_fd), e);
	if (target < 0)
		return target;
	_cleanup_fd_ int tree = fd_take(&op->tree_fd);
	r = mount_run_attach(op, tree, target, e);
	if (r >= 0)
		keep_root(plan, op, &tree);
	return r;
}

/* The host's own tree in place of a new instance that the kernel refuses: a user namespace that
 * does not own the network or PID namespace. Read-only all the way down when that was asked for. */
static int run_bind_instead(const struct mount_plan *plan, const struct mount_op *op, int target,
			    struct err *e)
{
	struct mount_change c = {
		.set = (op->o.attr_set | op->o.rec_set) & ~(uint64_t)MOUNT_ATTR__ATIME,
		.propagation = plan->propagation ? plan->propagation : MS_SLAVE,
		.recursive = true,
	};
	_cleanup_fd_ int tree = mount_clone(AT_FDCWD, op->type->bind_instead, true, e);

	if (tree < 0)
		return tree;
	int r = mount_change(tree, &c, op->mount->destination, e);
	return r < 0 ? r : mount_run_attach(op, tree, target, e);
}

/* A user namespace that does not own its cgroup namespace: the container's own cgroup, by path,
 * because the descriptor belongs to the parent's mount namespace. */
static int run_bind_cgroup(const struct mount_plan *plan, const struct mount_op *op, int target,
			   struct err *e)
{
	char path[PATH_MAX];
	ssize_t n = readlink(path_of_fd(plan->cgroup_fd).text, path, sizeof path - 1);

	if (n < 0)
		return err_set(e, errno, "find the container's cgroup");
	path[n] = '\0';
	_cleanup_fd_ int tree = mount_clone(AT_FDCWD, path, false, e);
	if (tree < 0)
		return tree;
	int r = mount_apply_options(tree, &op->o, false, MS_SLAVE, op->mount->destination, e);
	return r < 0 ? r : mount_run_attach(op, tree, target, e);
}

/* mount_setattr and propagation are options of a new mount too. */
static int set_propagation(const struct mount_op *op, int fd, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < op->o.n_propagation; i++) {
		struct mount_change c = {
			.propagation = op->o.propagation[i] & ~MS_REC,
			.recursive = op->o.propagation[i] & MS_REC,
		};
		r = mount_change(fd, &c, op->mount->destination, e);
	}
	return r;
}

static int set_label(const struct mount_plan *plan, const struct mount_op *op, int fd,
		     struct err *e)
{
	if (!plan->label || op->type->label != LABEL_XATTR)
		return 0;
	if (setxattr(path_of_fd(fd).text, "security.selinux", plan->label,
		     strlen(plan->label) + 1, 0) < 0)
		return err_set(e, errno, "label %s", op->mount->destination);
	return 0;
}

static bool is_late_ro(const struct mount_op *op)
{
	bool ro = (op->o.attr_set | op->o.rec_set) & MOUNT_ATTR_RDONLY;

	return ro && (op->type->late_ro || !strcmp(op->dest, "dev"));
}

static int make_fs(struct mount_plan *plan, const struct mount_op *op, int target,
		   struct err *e)
{
	const struct mount_type *type = op->type;
	struct mount_fs fs = {
		.type = type->fs ? type->fs : op->mount->type,
		.source = op->mount->source && *op->mount->source ? op->mount->source : NULL,
		.options = &op->o,
		.label = type->label == LABEL_CONTEXT ? plan->label : NULL,
		.attr_skip = is_late_ro(op) ? MOUNT_ATTR_RDONLY : 0,
		.pseudo = type->pseudo,
	};
	char mode[16];
	struct stat st;

	if (type->copy_mode && !mount_has_data(&op->o, "mode=") && fstat(target, &st) == 0 &&
	    (st.st_mode & 07777) != MADE_FOR_TMPFS) {
		snprintf(mode, sizeof mode, "%04o", st.st_mode & 07777);
		fs.mode = mode;
	}
	if (!plan->procs || strcmp(fs.type, "proc") != 0)
		return mount_new(&fs, e);
	fs.context = plan->procs++;
	_cleanup_fd_ int fd = mount_new(&fs, e);
	/* The context came from where others may trace. */
	if (fd >= 0 && !is_procfs_root(fd))
		return err_msg(e, EPERM, "what another PID namespace gave is no procfs");
	return fd < 0 ? fd : fd_take(&fd);
}

static int run_fs(struct mount_plan *plan, struct mount_op *op, struct err *e)
{
	_cleanup_fd_ int target = open_target(plan, op, false, e);

	if (target < 0)
		return target;
	_cleanup_fd_ int fd = make_fs(plan, op, target, e);
	if (fd == -EPERM && op->may_bind_instead) {
		err_clear(e);
		return run_bind_instead(plan, op, target, e);
	}
	if ((fd == -EPERM || fd == -EBUSY) && op->type->is_cgroup && plan->cgroup_fd >= 0) {
		err_clear(e);
		return run_bind_cgroup(plan, op, target, e);
	}
	if (fd < 0)
		return fd;
	int r = op->o.tmpcopyup ? copyup_tree(target, fd, e) : 0;
	if (r >= 0)
		r = set_label(plan, op, fd, e);
	if (r >= 0)
		r = mount_run_attach(op, fd, target, e);
	if (r >= 0)
		r = set_propagation(op, fd, e);
	if (r < 0)
		return r;
	if (is_late_ro(op))
		op->tree_fd = fd_take(&fd);
	keep_root(plan, op, is_late_ro(op) ? &op->tree_fd : &fd);
	return 0;
}

static int run_remount(const struct mount_plan *plan, const struct mount_op *op, struct err *e)
{
	_cleanup_fd_ int target = path_open_in(plan->root_fd, op->dest, O_PATH, e);

	return target < 0 ? target : mount_reconfigure(target, &op->o, op->mount->destination, e);
}

static int mount_run_run(struct mount_plan *plan, struct mount_op *op, struct err *e)
{
	if (op->o.remount)
		return run_remount(plan, op, e);
	return op->bind ? run_bind(plan, op, e) : run_fs(plan, op, e);
}

int mount_plan_run(struct mount_plan *plan, struct mount_op *op, struct err *e)
{
	const struct oci_mount *m = op->mount;
	int r = mount_run_run(plan, op, e);

	if (r >= 0)
		return 0;
	if (op->bind)
		return err_in(e, "mount %s at %s", m->source ? m->source : "", m->destination);
	return err_in(e, "mount %s at %s", m->type ? m->type : "", m->destination);
}

int mount_plan_finish(struct mount_plan *plan, struct err *e)
{
	struct mount_change ro = { .set = MOUNT_ATTR_RDONLY };
	int r = 0;

	for (size_t i = 0; r >= 0 && i < plan->n; i++) {
		const struct mount_op *op = &plan->v[i];
		if (!op->bind && !op->o.remount && op->tree_fd >= 0 && is_late_ro(op))
			r = mount_change(op->tree_fd, &ro, op->mount->destination, e);
	}
	return r;
}

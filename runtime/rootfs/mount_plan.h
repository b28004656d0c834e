/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mount_plan: the config's mounts as a list of operations. Compiled by the parent, which opens what
 * the container could not; executed by the child in order. Private to rootfs.c and its parts.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "oci.h"
#include "rootfs/mount_options.h"

struct arena;
struct err;
struct rootfs_opts;

enum mount_label { LABEL_CONTEXT, LABEL_NONE, LABEL_XATTR };

/* What is special about a file system type. */
struct mount_type {
	const char *name; /* in the config */
	const char *fs; /* the kernel's name; NULL = the same */
	enum mount_label label;
	bool pseudo; /* "ro" is the mount's alone, see struct mount_fs */
	bool plain_folder; /* the target may not be a symlink */
	bool late_ro; /* filled after mounting: read-only at the end */
	bool is_cgroup;
	bool copy_mode; /* the root gets the mode of the folder it covers */
	const char *bind_instead; /* bound when the kernel refuses (-EPERM), see may_bind_instead */
	enum oci_ns owner; /* … unless the container has a new namespace of this type */
};

struct mount_op {
	const struct oci_mount *mount;
	const struct mount_type *type; /* NULL for bind mounts */
	struct mount_options o;
	const char *dest; /* clean, relative to the root; "" = the root itself */
	const char *source; /* bind: absolute path, for the child when tree_fd is none */
	const char *in_root; /* bind: where the child finds it below the new root instead, or NULL */
	int tree_fd; /* bind: the detached clone made by the parent; late_ro: the mount */
	bool bind, may_bind_instead;
};

struct mount_plan {
	struct mount_op *v;
	size_t n, n_clones;
	const char *label; /* linux.mountLabel */
	const char *root_path; /* of the rootfs folder on the host, clean, without the leading slash */
	unsigned propagation; /* what bind mounts get unless they say otherwise: MS_SLAVE … or 0 */
	int cgroup_fd; /* borrowed */
	int *procs; /* child: contexts for the mounts of proc, taken one by one; NULL: its own PID namespace's */
	int root_fd; /* child: what destinations are relative to; borrowed from rootfs.c */
};

/* The clean form of a destination: no leading slash, no "", "." or ".." components. */
char *mount_plan_clean(struct arena *a, const char *path);

/* Parent. `root_path` is the rootfs folder's. Errors start with "/mounts/N". */
int mount_plan_compile(struct arena *a, const struct oci_config *c, const struct rootfs_opts *o,
		       const char *root_path, struct mount_plan *plan, struct err *e);

/* Child: does one operation. A mount over "/" replaces plan->root_fd, whose old value stays open. */
int mount_plan_run(struct mount_plan *plan, struct mount_op *op, struct err *e);

/* Child: makes read-only what had to be writable until now. */
int mount_plan_finish(struct mount_plan *plan, struct err *e);

/* The topmost mount of the config at `dest`, NULL when there is none. */
const struct mount_op *mount_plan_find(const struct mount_plan *plan, const char *dest);

/* Closes the plan's descriptors. */
void mount_plan_close(struct mount_plan *plan);

/* The destination rules of /proc: nothing but a procfs there, nothing inside it but a few files.
 * Child; `target_fd` is what `op` would be mounted on. -EPERM. */
int mount_proc_check(const struct mount_op *op, int target_fd, struct err *e);

/* True for the files in procfs that may be covered ("proc/cpuinfo" …). */
bool mount_proc_file_allowed(const char *dest);

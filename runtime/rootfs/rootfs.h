/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rootfs: the container's file system tree. The parent looks everything up and compiles a plan; the
 * child, in its own namespaces, executes it on descriptors and enters the new root.
 *
 * Order: rootfs_prepare, rootfs_chdir | clone3 | rootfs_mount, rootfs_enter (child),
 * rootfs_close (parent). Spec: config.md "Root" and "Mounts", config-linux.md "Default
 * Filesystems", "Devices", "Rootfs Mount Propagation", "Masked Paths", "Readonly Paths".
 */
#pragma once

#include <stdbool.h>

struct arena;
struct err;
struct oci_config;
struct overlay_opts;
struct rootfs; /* the plan, in the arena */

struct rootfs_opts {
	const char *bundle; /* absolute path of the bundle */
	int bundle_fd; /* O_PATH: what relative sources and root.path are relative to */
	int cgroup_fd; /* O_PATH of the container's cgroup2 folder, FD_NONE when it has none */
	int overlay_fd; /* detached tree (overlay_assemble) that replaces root.path, or FD_NONE;
			   stays the caller's */
	int null_fd; /* null_clone() that the child may cover files by, or FD_NONE; stays the caller's */
	struct overlay_opts *overlay; /* the child is to mount it (overlay_mount); NULL: not */
	bool no_pivot; /* --no-pivot: move the root mount and chroot */
};

/*
 * Parent, in the host's mount namespace: compiles all mounts, opens the rootfs and the sources of
 * bind mounts (detached clones where it is privileged) and makes idmapped mounts. Errors name the
 * entry as "/mounts/N". Strings of `c` and `o` must outlive the plan. The descriptors are inherited
 * by the child; the parent releases its copies with rootfs_close, also after an error of a later
 * step. -EINVAL for what the config asks wrongly, otherwise the errno of the failing call.
 */
int rootfs_prepare(struct arena *a, const struct oci_config *c, const struct rootfs_opts *o,
		   struct rootfs **ret, struct err *e);

/*
 * Parent, right before clone3: makes the rootfs the working directory, so that the child finds the
 * folder in its own copy of the mounts without a lookup that its user might not be allowed.
 * Relative paths of the caller stop working: resolve them before, or go back afterwards. Optional:
 * without it the child looks the path up.
 */
int rootfs_chdir(struct rootfs *r, struct err *e);

/* How many of its mounts are new ones of proc. */
unsigned rootfs_count_procs(const struct rootfs *r);

/* Child, not in its PID namespace yet: so many contexts (fsopen(2)) of that one's procfs; borrowed, taken one by one. */
void rootfs_use_procs(struct rootfs *r, int *contexts);

/*
 * Child, in its final namespaces and with CAP_SYS_ADMIN in its user namespace, net and cgroup
 * namespaces entered: makes propagation private to the container, attaches the rootfs, does all
 * mounts, devices and default symlinks. "/" is still the host's afterwards, so that createContainer
 * hooks find their programs, and the working directory is the new root.
 */
int rootfs_mount(struct rootfs *r, struct err *e);

/* The new root (O_PATH or a mount descriptor; borrowed), after rootfs_mount: for base/path.h. */
int rootfs_fd(const struct rootfs *r);

/*
 * Child: masked and read-only paths, read-only mounts and root, then pivot_root (or, with no_pivot,
 * move and chroot) with the old root detached, rootfsPropagation, chdir("/").
 * Without a mount namespace it is a chroot alone. Afterwards nothing of the host is reachable by
 * path, but by the plan's descriptors: process_let_go() closes them with all others.
 */
int rootfs_enter(struct rootfs *r, struct err *e);

/* Closes what the plan holds; NULL is fine. */
void rootfs_close(struct rootfs *r);

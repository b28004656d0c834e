/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mount_legacy: the steps of mount.h by mount(2), where the new mount API is refused
 * (sandboxes that filter system calls, Linux before 5.12). A mount that is not attached yet is staged on /sys of the
 * caller's mount namespace and moved from there; so this is for the child alone.
 */
#pragma once

#include "rootfs/mount.h"

/*
 * mount_new(), mount_clone() and mount_attach() of mount.h, with the same results: a descriptor of what is staged, the
 * caller's, which mount_legacy_attach() moves to its place.
 */
int mount_legacy_new(const struct mount_fs *fs, struct err *e);
int mount_legacy_clone(int dirfd, const char *path, bool recursive, struct err *e);
int mount_legacy_attach(int tree_fd, int target_fd, const char *where, struct err *e);

/* Recursive attributes are beyond mount(2): -ENOSYS. */
int mount_legacy_change(int fd, const struct mount_change *change, const char *where,
			struct err *e);

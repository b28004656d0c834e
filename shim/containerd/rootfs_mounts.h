/* SPDX-License-Identifier: Apache-2.0 */
/* rootfs_mounts: the mounts that containerd's snapshotter names, made on BUNDLE/rootfs; on the host, for all to see. */
#pragma once

#include "task.pb-c.h"

struct err;

/* Makes them in order; on failure those made are undone. Without any it does nothing. */
int rootfs_mount_all(const char *bundle, Task__Mount *const mounts[], size_t n, struct err *e);

/* Takes all of them away, however many are there. A bundle that is gone is fine. */
int rootfs_unmount_all(const char *bundle, struct err *e);

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pivot: leaving the host's tree for the new root. pivot_root(2), "pivot_root(".", ".")".
 */
#pragma once

struct err;

/* Makes the mount whose root is `root_fd` the root and detaches the old one, which must not be
 * shared with the host. The working directory is "/" afterwards. */
int pivot_enter(int root_fd, struct err *e);

/*
 * --no-pivot: moves the mount over "/" and changes root. The host's tree stays in the namespace, so
 * its whole proc and sysfs mounts are taken away first: the kernel lets a container mount new ones
 * as long as complete ones are around.
 */
int pivot_move(int root_fd, struct err *e);

/* Without a mount namespace: chroot(2) alone. */
int pivot_chroot(int root_fd, struct err *e);

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * null: the host's /dev/null as content may have it: through a mount of its own that is read-only. Reading and
 * writing are as ever; chmod, chown, utimes and extended attributes are not, which would change the host's.
 */
#pragma once

struct err;

/* A detached read-only mount of it, after a check that it is character device 1:3. "/" is the host's. */
int null_clone(struct err *e);

/*
 * Opens those of 0, 1 and 2 that are a null device of somebody else once more, through such a mount. By the
 * runtime, before anything is in the container's cgroup, whose device rules may not let it. Nothing is to be
 * done for a caller that is not root: the inode is not its own, nor its container's. `ret_tree` gets the mount, detached
 * as null_clone() makes it, or FD_NONE. Its last close waits for RCU, unless it has been attached: it is for one that
 * covers something by it, or for a time when nobody waits for us.
 */
int null_reopen(int *ret_tree, struct err *e);

/* SPDX-License-Identifier: Apache-2.0 */
/* rmtree: removing a folder tree whose content was written by a container. */
#pragma once

struct err;

/*
 * Removes `name` in `dirfd` and everything below it, without following symlinks or crossing into
 * other file systems' mounts (-EBUSY there), with a bounded number of descriptors however deep it
 * is. A missing one is success.
 */
int rmtree(int dirfd, const char *name, struct err *e);

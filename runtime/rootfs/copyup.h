/* SPDX-License-Identifier: Apache-2.0 */
/* copyup: option "tmpcopyup": a new tmpfs starts with what the covered folder holds. */
#pragma once

struct err;

/*
 * Copies folders, files, symlinks, fifos, sockets and device nodes with mode and owner from the
 * folder `from_fd` into the folder `to_fd` (both may be O_PATH; borrowed). Symlinks are copied,
 * never followed. Owners that the user namespace cannot name become its root. -ELOOP when folders
 * are nested too deep.
 */
int copyup_tree(int from_fd, int to_fd, struct err *e);

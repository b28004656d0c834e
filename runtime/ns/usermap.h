/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usermap: the id maps of a new user namespace (user_namespaces(7)). Written by the parent: directly
 * when it may, else through the set-uid helpers newuidmap and newgidmap.
 */
#pragma once

#include <sys/types.h>

#include "oci.h"

struct err;

/*
 * Writes uid_map, gid_map (and setgroups "deny" where the kernel demands it: an unprivileged map of
 * the caller's own gid) for `pid`. `procfd` is the caller's.
 */
int usermap_write(int procfd, pid_t pid, const struct oci_linux *l, struct err *e);

/* Task side, once it is in the user namespace with its maps: becomes its uid 0 and gid 0. */
int usermap_become_root(struct err *e);

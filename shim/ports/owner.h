/* SPDX-License-Identifier: Apache-2.0 */
/* owner: whether any process of a member still has a socket open: its descriptors are looked at. Slow: used
 * where a member that listens already listens once more. */
#pragma once

#include <stdbool.h>

/* `cgroup_fd` is the member's. True too where it cannot be told, as there is too much to be looked at. */
bool port_owner_has(int cgroup_fd, unsigned long inode);

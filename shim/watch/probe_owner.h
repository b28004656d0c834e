/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe_owner: whose the socket is that a probe has reached: while two members share a network, the other one could have
 * answered.
 */
#pragma once

#include <stdbool.h>

struct probe;

/* True when the connection of `p` led to a socket that was made in the member's own cgroup. False also where that cannot be told. */
bool probe_owner_is_member(const struct probe *p);

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hooks_aside: createContainer hooks of an init which is in the PID namespace that it joins by all it clones (ns.h,
 * ns_enter_by_itself()). What it ran there with the host's root would be in the hands of any process that may trace there. So a child
 * of the runtime runs them, which enters the container's other namespaces.
 */
#pragma once

#include <stdbool.h>

struct creation;
struct err;

/* Whether they are run here, and not by init. */
bool hooks_go_aside(const struct creation *m);

/* While init waits for SYNC_HOOKED: as it would itself, in its root, working directory and cgroup. */
int hooks_run_aside(struct creation *m, struct err *e);

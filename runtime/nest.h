/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nest: init of a PID namespace that is nested in one that others are in. The kernel makes such a one only for a process
 * in the namespace above. So init comes into being early, but with nothing of the host: in a root that leads nowhere,
 * holding no more than its program is to have and sockets. The task outside makes the mounts meanwhile.
 */
#pragma once

struct err;
struct init_plan;

/* Task side, before rootfs_mount(). Returns in the task, and in init when the task has ended (p->is_successor). */
int nest_begin(struct init_plan *p, struct err *e);

/* Task side, in the container's root: init is let into it, and the task ends. */
int nest_finish(struct init_plan *p, struct err *e);

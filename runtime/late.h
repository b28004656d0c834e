/* SPDX-License-Identifier: Apache-2.0 */
/*
 * late: init that is to be in the PID namespace of others. A process with CAP_SYS_PTRACE there may do with each other
 * one what it likes, from the moment that it is there (CVE-2016-9962). So the task that prepares everything stays outside,
 * and only then clones what becomes the program, which has nothing more to gain from than the program itself.
 */
#pragma once

#include <stdbool.h>

struct creation;
struct err;
struct init_plan;

/* Runtime side, before the task is cloned. */
int late_prepare(struct creation *m, struct err *e);

/* Task side, before rootfs_mount(): the procfs of that PID namespace. */
int late_open_procs(struct init_plan *p, struct err *e);

/* Whether the task has a successor that is still to be cloned. */
bool late_moves(const struct init_plan *p);

/* Task side, when it is as the program is to be: returns in the process that becomes it, the task ends. */
int late_move(struct init_plan *p, struct err *e);

/* Runtime side: the task has said that it clones its successor, which waits for our answer. */
int late_follow(struct creation *m, struct err *e);

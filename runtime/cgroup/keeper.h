/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keeper: a process that does nothing, in a cgroup that must not be empty: systemd makes a scope around a process, and
 * ends it when there is none left.
 */
#pragma once

#include <sys/types.h>

struct err;

struct keeper {
	pid_t pid;
	int pidfd; /* owned; FD_NONE: there is none */
};

/* A child of ours, in our cgroup, that holds nothing of ours. */
int keeper_start(struct keeper *ret, struct err *e);

/* Kills and collects it. Does nothing if there is none. */
void keeper_end(struct keeper *k);

/* Leaves it where it is: it ends with its cgroup. */
void keeper_leave(struct keeper *k);

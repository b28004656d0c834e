/* SPDX-License-Identifier: Apache-2.0 */
/*
 * handover: GO with what a supervisor gives a member that it lets run: descriptors by the systemd protocol
 * (sd_listen_fds(3)) and environment. One message on the sync socket; plain GO is one without either.
 */
#pragma once

#include <stddef.h>

struct arena;
struct err;
struct process_plan;

#define HANDOVER_FDS_MAX 250 /* SCM_RIGHTS takes 253 */
#define HANDOVER_ENV_MAX (72u << 10) /* 250 names of 255 bytes, and some */

struct handover {
	const int *fds; /* borrowed by the sender, owned by the receiver: 3, 4, … in the program */
	unsigned n_fds;
	const char *env; /* KEY=VALUE strings, each NUL-terminated, one behind the other. LISTEN_PID and
			    WATCHDOG_PID with an empty value get the program's own process ID. */
	size_t env_len;
};

/* Supervisor: sends GO; nothing is allocated. -EPIPE when init is gone, -EAGAIN never: the socket has
 * room for one frame. */
int handover_send(int sync_fd, const struct handover *h, struct err *e);

/*
 * Init: waits for GO and receives it, memory from `a`; ret->fds is an array in `a` of descriptors with
 * FD_CLOEXEC. 1 when GO came, 0 at end of file (the sender is gone and nothing was asked).
 */
int handover_receive(int sync_fd, struct arena *a, struct handover *ret, struct err *e);

/*
 * Init: puts the descriptors in place from 3 on, inherited, and the variables into the environment, where
 * they replace those of the same name. *sync_fd may be moved out of the way.
 */
int handover_apply(struct handover *h, struct process_plan *p, int *sync_fd, struct err *e);

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * init: the child side of create: what a container's first task does between clone3 and execve, as a
 * table of steps. It is given everything prepared and opens host paths no more.
 */
#pragma once

#include "ns/ns.h"
#include "proc_context.h"
#include "process/process.h"
#include "wire/sync.h"

struct rootfs;

struct init_plan {
	const struct oci_config *config;
	const struct state *state; /* for createContainer and startContainer hooks */
	struct ns_plan *ns;
	struct rootfs *rootfs;
	struct process_plan process;
	int sync_fd; /* the child's end */
	int runtime_end; /* the runtime's end, closed in the child at once */
	int folder_fd; /* the state folder, closed in the child at once: the lock on it is the runtime's */
	int gate_fd; /* listening socket; FD_NONE: GO comes over sync_fd */
	int procfd; /* of the runtime's PID namespace; FD_NONE when nothing needs it */
	int console_fd; /* connected to the console socket, FD_NONE without a terminal */
	bool console_is_plain; /* see console.h */
	bool tell_ports; /* the supervisor is to hear of bind(2) and listen(2) */
	bool tell_mounted; /* the runtime has work to do before pivot_root */
	bool hooks_aside; /* createContainer hooks are part of that */
	bool give_namespaces; /* the supervisor may not open them by /proc: READY at the gate brings them */
	int ns_fds[SYNC_FDS_MAX]; /* then; FD_NONE */
	bool is_successor; /* nest.h: here it goes on in init itself */
	int stage_fd; /* to it, when it is made */
	pid_t *successor; /* ns_enters_last(): successor.h */
	int procs[PROC_CONTEXTS_MAX];
	bool tell_ready; /* the runtime has work to do before GO */
};

/* Runs in the child; the result is its exit status. `arg` is a struct init_plan. */
int init_main(void *arg);

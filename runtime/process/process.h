/* SPDX-License-Identifier: Apache-2.0 */
/*
 * process: from a task in its namespaces to the program of config.md "Process": attributes, labels,
 * user, capabilities, working directory, execve. The one tail of init, exec and a promoted standby.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "oci.h"

struct arena;
struct err;
struct seccomp_filter;

struct process_plan {
	const struct oci_process *process;
	const struct oci_linux *linux_; /* personality and memory policy */
	const struct seccomp_filter *seccomp; /* NULL = none */
	const char *id; /* names the session keyring */
	bool is_exec; /* joins a running container: CPU affinity applies */
	bool has_successor; /* the task is not the program: its scheduling policy need not be inherited */
	bool is_labelled; /* process_let_go() has no more to say what execve changes to */
	bool is_filtered; /* the task's filter is the program's already */
	bool no_new_keyring;
	bool keep_groups; /* the caller's additional groups stay */
	bool rlimits_set; /* by the runtime: in a user namespace hard limits cannot be raised */
	bool clones_program; /* when it is the user already: it must not be limited to so many processes as the program is */
	unsigned listen_fds; /* LISTEN_FDS: 3..3+N-1 */
	unsigned keep_fds; /* all that stay open from 3 on: listen_fds + --preserve-fds */
	char **argv; /* args, NULL-terminated */
	char **env; /* NULL-terminated; one slot of room for HOME */
	size_t n_env;
	char *program; /* found by process_apply, in the arena */
	struct arena *arena; /* outlives the child's set-up */
};

/*
 * Runtime side: builds the environment (LISTEN_* included) and checks that the descriptors to keep
 * are open and that the kernel has the security modules that are asked for. `preserve_fds` as given on the command line.
 */
int process_prepare(struct process_plan *p, unsigned preserve_fds, struct err *e);

/* Task side, before the root is entered: keyring and scheduling, which need no rootfs. `procfd` may
 * be FD_NONE when no label is asked for. */
int process_apply_attributes(struct process_plan *p, int procfd, struct err *e);

/* What the first process in the PID namespace of an engine's service is called, and no other of hart's. */
#define STANDIN_COMM "hart-stand-in"

/* Takes the command line and the environment that we were called with out of /proc/PID. */
void process_forget_caller(void);

/*
 * Task side, in the container's root and before anything else is done there: the label of the program,
 * then every descriptor is closed but 0-2, those that the program is to have, and `ours`. See process.c
 * for what may be among those.
 */
int process_let_go(const struct process_plan *p, int procfd, const int *ours, size_t n_ours,
		   struct err *e);

/*
 * Task side, after process_let_go(): HOME, user, capabilities, working directory, and the look-up of
 * the program.
 */
int process_apply(struct process_plan *p, struct err *e);

/* A filter with a listener, which the runtime at `sync_fd` takes: its agent has to know of the container before
 * that starts. Nothing to do for others. */
int process_listen(struct process_plan *p, int sync_fd, struct err *e);

/* Other filters, unless they are on already: as late as can be when they would refuse what init or exec do until execve.
 * Of those calls they see capset (without noNewPrivileges) and execve then, and write when that fails. */
int process_apply_late(struct process_plan *p, struct err *e);

/* Executes the program; returns only on failure. */
int process_execve(const struct process_plan *p, struct err *e);

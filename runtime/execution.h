/* SPDX-License-Identifier: Apache-2.0 */
/* execution: what the two halves of container_exec share: exec.c, the runtime, and exec_task.c, the task. */
#pragma once

#include "container.h"
#include "foreground.h"
#include "ns/ns.h"
#include "process/process.h"
#include "seccomp/filter.h"

struct execution {
	struct container *c;
	const struct exec_opts *o;
	struct oci_config *config;
	struct oci_process *process;
	struct ns_plan ns;
	struct seccomp_filter filter;
	struct process_plan plan;
	int sync_fd, runtime_end; /* the task's and the program's end, ours */
	int console_fd, console_peer; /* as in create.c */
	int procfd;
	int null_fd; /* of null_reopen() */
	bool join_user_ns;
	bool needs_go; /* the runtime has work to do on the program before it is executed */
	bool filters_early; /* the task puts the seccomp filter on, before the program is cloned */
	int listener_fd; /* then, when the filter has one: taken from the task, and not handed on yet */
	pid_t *program_pid; /* shared memory of runtime and task */
	struct ns_child task, child; /* child: the program */
	struct foreground foreground;
};

/* The first system call by which the task makes the program that the filter refuses; NULL: it can be on by then. */
const struct seccomp_call *exec_refused_early(const struct execution *x);

/* The task: enters the container, becomes what the program is to be, clones the program and ends. The result
 * is its exit status. `arg` is a struct execution. */
int exec_enter(void *arg);

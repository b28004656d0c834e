/* SPDX-License-Identifier: Apache-2.0 */
/*
 * job: what would hold the loop up, done in a child (worker.h): making, starting, deleting, everything of the
 * cgroup. A job has the process that it is about, the call that it answers, and a file for what it finds out.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "loop/worker.h"
#include "proc.h"

struct arena;
struct err;

struct job {
	struct worker worker;
	struct shim *shim;
	struct proc *proc;
	struct call *call; /* NULL: nobody asks */
	const void *request; /* good in the child alone */
	int data_fd; /* memfd: the child's findings; FD_NONE */
	int console[2]; /* ours, the child's: for the pty's master */
	uint8_t *kept; /* the request once more, encoded; freed with the job */
	size_t kept_len;
	bool held, kills; /* kills: see struct proc */
	int (*run)(struct job *j, struct err *e); /* in the child */
	/* In the loop, result of `run`. The job is freed afterwards, and a process that is `gone`. */
	void (*done)(struct job *j, int result, const struct err *why);
};

/* A job that is not started: fill in request and what else it needs. NULL: out of memory. */
struct job *job_new(struct proc *p, struct call *call, int (*run)(struct job *j, struct err *e),
		    void (*done)(struct job *j, int result, const struct err *why));

/* Gives it a memfd. */
int job_wants_data(struct job *j, struct err *e);

/* Gives it the socket pair of a terminal. */
int job_wants_console(struct job *j, struct err *e);

/* Starts it; on failure `done` is called at once. The child keeps the streams that the proc has to give. */
void job_start(struct job *j);

/* For one that cannot be started: `done` gets the failure. */
void job_refuse(struct job *j, const struct err *why);

/* What the child wrote to data_fd, in `a`. */
int job_data(struct job *j, struct arena *a, void **ret, size_t *ret_len, struct err *e);

/* It is what a Kill asks for. */
void job_kills(struct job *j);

/* Keeps it, and its process, after `done`; until job_release. */
void job_hold(struct job *j);
void job_release(struct job *j);

/* One that was not started; NULL is fine. */
void job_free(struct job *j);

/* SIGKILL to all that is left in the container of `p`. */
void job_kill_all(struct proc *p);

/* A job's `run`: the container, whatever its state, and its rootfs's mounts. */
int job_remove(struct job *j, struct err *e);

/* Removes what there is of a container whose creation was cut short; `p` is gone then. */
void job_undo(struct proc *p);

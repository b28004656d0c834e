/* SPDX-License-Identifier: Apache-2.0 */
/* life: what Create, Exec, Start and Delete have in common. */
#pragma once

#include <protobuf-c/protobuf-c.h>

#include "job.h"
#include "rpc.h"

struct err;

/* The process that a request names; NULL: there is none, or it is still being created, which is the answer. */
struct proc *life_find(struct shim *s, struct call *c, const char *id, const char *exec_id);

/* That its program runs, or another one that has taken over: by its process ID. */
void life_publish_start(struct proc *p, enum event_need need);

/* Answers a job's call with its process ID. */
void life_reply_pid(struct job *j);

/* The job has ended: what could not be opened before it is opened. */
void life_reopen_streams(struct proc *p);

/* The guardian holds what the program must not lose. */
void life_keep_streams(struct proc *p);

/* The job's program is there as `pid`: takes its streams, and the descriptor of its end. */
int life_hold(struct job *j, pid_t pid, struct err *e);

/* A job that brings `p` to life or ends it, `p` marked busy; NULL when it cannot be: the call is answered then. */
struct job *life_begin(struct shim *s, struct call *c, struct proc *p, int (*run)(struct job *j, struct err *e),
		       void (*done)(struct job *j, int result, const struct err *why));

#define LIFE_SPEC_PATH (RECORD_TEXT + 32)

/* Where an exec's process object waits until it is started; removed afterwards. */
void life_spec_name(const struct proc *p, char path[LIFE_SPEC_PATH]);
void life_forget_spec(const struct proc *p);

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * proc: a process of a container as the worker knows it: its record, and the descriptors by which it is held. What
 * its end brings is in proc_end.h.
 */
#pragma once

#include "shim.h"
#include "streams.h"
#include "watch/oom.h"

struct err;

struct proc {
	struct shim *shim;
	struct record *r;
	struct proc *next;
	int pidfd; /* FD_NONE: not started, or ended */
	struct source exit;
	struct streams io;
	struct oom oom; /* of init */
	unsigned jobs; /* that use it */
	unsigned kills; /* of those, Kill's: answered before Delete is, after which containerd hangs up */
	bool gone; /* deleted: freed when its jobs are done, and not found any more */
	bool busy; /* being created, started or deleted: its end is told afterwards */
	struct call *deleting; /* Delete that is under way */
	struct timer drain; /* it waits for a terminal's last output, or does what comes after `ended` */
	void (*ended)(struct timer *drain); /* its container is removed: what comes when its end is told */
	struct waiter *waiters; /* waiters.h */
	/* Of a supervised one (supervised.h): who serves, and who waits for the first time. */
	struct source notes;
	void (*created)(struct proc *p, int result, const struct err *why);
	struct job *creating;
};

/* NULL when there is none of that name. `exec_id` "": the container's init. */
struct proc *proc_find(struct shim *s, const char *id, const char *exec_id);

/* A new one with record. -EEXIST, -ENAMETOOLONG, -ENOSPC, -ENOMEM. */
int proc_new(struct shim *s, const char *const words[RECORD_WORDS], struct proc **ret, struct err *e);

/* One that the last worker has left in the ledger. */
int proc_adopt(struct shim *s, struct record *r, struct err *e);

/* It is not found any more, and requests that wait for it are answered. Freed when no job uses it. */
void proc_leave(struct proc *p);

/* Forgets it, and its record. */
void proc_free(struct proc *p);

const char *proc_id(const struct proc *p);
const char *proc_exec_id(const struct proc *p);
bool proc_is_init(const struct proc *p);

/* SIGKILL or another signal by its pidfd. -ESRCH "process already finished". */
int proc_signal(struct proc *p, int sig, struct err *e);

/* A line of the log, for what nobody waits for an answer of. */
void proc_warn(const struct proc *p, const struct err *why);

/* Queues an event of a container; a failure is logged. */
void proc_publish(struct proc *p, const char *topic, const char *type, const ProtobufCMessage *event,
		  enum event_need need);

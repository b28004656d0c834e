/* SPDX-License-Identifier: Apache-2.0 */
/*
 * proc_end: the end of a process, and its order: streams, OOM event, exit event, answers to requests that wait. A container's
 * init ends last.
 */
#pragma once

#include "proc.h"

/* Waits for the end of `pid`, which it runs as, or which keeps it up. -ESRCH when that is gone already (a child
 * stays until it is collected). */
int proc_watch(struct proc *p, pid_t pid, struct err *e);

/* Tells its end, when it has ended and nothing has to be told before. */
void proc_try_end(struct proc *p);

/* Publishes its end and answers the requests that wait, perhaps once more. */
void proc_tell_end(struct proc *p);

/* The end of one that never ran: no event; requests that wait are answered. */
void proc_end_untold(struct proc *p);

/* How it ended, for one that never ran. */
void proc_set_exit(struct proc *p, unsigned status);

/* Watches the container's cgroup for OOM kills; without a memory controller it does nothing. */
void proc_watch_oom(struct proc *p, int cgroup_fd);

/* The guardian has collected processes: looks at the records. */
void proc_collect(struct shim *s);

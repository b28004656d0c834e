/* SPDX-License-Identifier: Apache-2.0 */
/* scheduler: process.scheduler, ioPriority and execCPUAffinity (config.md "Linux Process"). */
#pragma once

#include <sys/types.h>

struct oci_io_priority;
struct oci_scheduler;
struct err;

/* sched_setattr(2) for `pid` (0: the caller); inherited over execve. */
int sched_apply(pid_t pid, const struct oci_scheduler *s, struct err *e);

/* Task side: ioprio_set(2), inherited by children and over execve. */
int io_priority_apply(const struct oci_io_priority *p, struct err *e);

/*
 * The CPU affinity of the caller, from a list like "0-3,7"; NULL or "": stays. Of execCPUAffinity,
 * `initial` is for the time before the process is in the container's cgroup (the runtime sets it on
 * itself just before the clone), `final` for afterwards (the task sets it on itself).
 */
int affinity_apply(const char *cpus, struct err *e);

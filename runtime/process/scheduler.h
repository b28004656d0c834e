/* scheduler: process.scheduler, ioPriority and execCPUAffinity (config.md "Linux Process"). */
#pragma once

struct oci_process;
struct err;

/* Task side: sched_setattr(2) and ioprio_set(2), whichever is configured; inherited over execve. */
int sched_apply(const struct oci_process *p, struct err *e);

/*
 * The CPU affinity of the caller, from a list like "0-3,7"; NULL or "": stays. Of execCPUAffinity,
 * `initial` is for the time before the process is in the container's cgroup (the runtime sets it on
 * itself just before the clone), `final` for afterwards (the task sets it on itself).
 */
int affinity_apply(const char *cpus, struct err *e);

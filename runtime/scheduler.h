/* scheduler: process.scheduler, ioPriority and execCPUAffinity (config.md "Linux Process"). */
#pragma once

struct oci_cpu_affinity;
struct oci_process;
struct err;

/* Task side: sched_setattr(2) and ioprio_set(2), whichever is configured. */
int sched_apply(const struct oci_process *p, struct err *e);

/*
 * CPU affinity of an exec'd process: `initial` is for the time before it enters the container's
 * cgroup (the runtime sets it on itself just before the clone), `final` for afterwards, set by the
 * task. Each may be NULL.
 */
int affinity_apply(const char *cpus, struct err *e);

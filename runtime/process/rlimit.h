/* SPDX-License-Identifier: Apache-2.0 */
/* rlimit: process.rlimits and process.oomScoreAdj (config.md, setrlimit(2), proc(5)). */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

struct oci_process;
struct err;

/* Sets the limits of `pid` (0: the caller) by prlimit(2). */
int rlimits_apply(pid_t pid, const struct oci_process *p, struct err *e);

/*
 * The caller's, in two steps, for a task that clones the program: before it becomes the user all but the number of processes, whose
 * hard limit alone is raised where that is needed, and then in the program that number. Another process's limits cannot be set
 * once that is another user's, where root has no CAP_SYS_RESOURCE.
 */
int rlimits_apply_own(const struct oci_process *p, struct err *e);
int rlimits_apply_processes(const struct oci_process *p, struct err *e);

/* Whether the user's processes are to be limited, which forbids the task to clone any when it is the user. */
bool rlimits_count_processes(const struct oci_process *p);

/* Writes oom_score_adj of `pid`, -1000..1000, through `procfd`. */
int oom_score_adj_apply(int procfd, pid_t pid, int value, struct err *e);

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * successor: a process that a task clones in its own place, in the PID namespace that its children go to. A process that traces
 * in that namespace must find nothing in it that it has not got itself, and no way to say which process it is: the
 * kernel writes its pid, into memory that runtime and task share and that the successor does not get.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

struct err;

/* Runtime side, before the task is cloned. successor_free() takes NULL. */
int successor_make(pid_t **ret_word, struct err *e);
void successor_free(pid_t *word);

/* Task side: the successor is not to have the memory. Before the filter, which need not allow it. */
int successor_hide(pid_t *word, struct err *e);

/* Task side, as fork(2): the successor is its sibling. */
int successor_clone(pid_t *word, struct err *e);

/*
 * Runtime side: waits until the task has ended, and collects it unless our parent does (`as_sibling`). The successor's
 * pid, 0 when there is none: the task has said why.
 */
int successor_await(int task_pidfd, bool as_sibling, const pid_t *word, struct err *e);

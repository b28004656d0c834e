/* SPDX-License-Identifier: Apache-2.0 */
/*
 * proc_context: a procfs of a PID namespace that we are not in ourselves. It is of the namespace in which fsopen(2) was
 * called, whichever process makes and mounts it: so a process in there calls that and nothing else.
 */
#pragma once

#include "ns/ns.h"

struct err;

#define PROC_CONTEXTS_MAX 8

/*
 * As many contexts of the procfs of p->pid_join, by a process that has in that namespace no root of the host's, no
 * descriptor but a socket, and four system calls. It can be stopped there: we then wait until we are killed.
 */
int proc_contexts_open(const struct ns_plan *p, int *ret_fds, unsigned n, struct err *e);

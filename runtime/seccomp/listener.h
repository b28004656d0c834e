/* SPDX-License-Identifier: Apache-2.0 */
/* listener: how a filter's listener gets from the task that installs the filter to the runtime, see seccomp_unotify(2). */
#pragma once

#include <linux/seccomp.h>

#include "wire/sync.h"

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

struct err;

/*
 * Task side: tells the runtime at `sync_fd` by a frame of that type which number the listener is going to have, installs
 * the filter, waits until the runtime has taken the listener and closes it. The number goes first because afterwards
 * even sending may wait for the agent.
 */
int seccomp_offer_listener(int sync_fd, enum sync_type type,
			   int (*install)(void *arg, int *ret_listener, struct err *e), void *arg, struct err *e);

/* Runtime side: takes descriptor `remote` out of the task as soon as it is there. What the task says
 * or its end meanwhile is the error. Returns the descriptor, the caller's. */
int seccomp_take_listener(int pidfd, int remote, int sync_fd, struct err *e);

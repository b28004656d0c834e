/* SPDX-License-Identifier: Apache-2.0 */
/* lifecycle: what create, start and run share. */
#pragma once

#include "container.h"

/* After execve succeeded: poststart hooks, without the lock. When one fails, the caller ends the container, if it has the lock
 * again: else somebody has deleted it meanwhile. */
int lifecycle_started(struct container *c, struct err *e);

/* Runs the poststop hooks of a container that is gone; a failure is logged as a warning. */
void lifecycle_poststop(const struct state *s, const oci_hook_list *hooks);

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * refusal: system calls that do not get through to the kernel, or that the kernel does not have: seccomp filters
 * of containers that hart runs in answer EPERM or ENOSYS to calls that they do not know. Which one it was is asked
 * with arguments that the kernel itself rejects with another error.
 */
#pragma once

#include <stdbool.h>

struct err;

/* True when that call (SYS_*) is one of those that are known here, and is refused. Needs CAP_SYS_ADMIN over the mount
 * namespace for the calls that make mounts, whose own EPERM looks the same. Keeps errno. */
bool refusal_is(long call);

/* After a failure with EPERM or ENOSYS: adds to `e` which calls are refused, and what to allow. */
void refusal_explain(struct err *e);

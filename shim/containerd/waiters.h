/* SPDX-License-Identifier: Apache-2.0 */
/*
 * waiters: requests about a process that cannot be answered yet: Wait, for its end; and those that come while it is
 * being started or deleted and would be answered differently afterwards, for that to be over.
 */
#pragma once

#include <protobuf-c/protobuf-c.h>

#include "rpc.h"

struct proc;
struct waiter;

/* A Wait: answered now when it has ended, else by waiters_answer(). */
void waiters_wait(struct proc *p, struct call *c);

/* Answers every Wait: with how it ended, or, when it has not and never will, that there is none. */
void waiters_answer(struct proc *p);

/* Keeps a copy of the request until waiters_go_on(). */
void waiters_add(struct proc *p, struct call *c, const ProtobufCMessage *request);

/* What it was busy with is over: runs their methods once more, in the order in which they came. `p` may be gone. */
void waiters_go_on(struct proc *p);

/* SPDX-License-Identifier: Apache-2.0 */
/* stack: the stack of a task that clone(2) makes in our memory: below it is a page that cannot be touched. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

struct err;

struct stack {
	char *map;
	size_t size;
};

/* `bytes` of it, which take memory only when they are used. */
int stack_make(struct stack *s, size_t bytes, struct err *e);

/* clone(2) with CLONE_VM and CLONE_VFORK, to a task that runs fn(arg) on it. */
pid_t stack_clone(const struct stack *s, int (*fn)(void *arg), int flags, void *arg);

/* Does nothing to one that was not made. */
void stack_free(struct stack *s);

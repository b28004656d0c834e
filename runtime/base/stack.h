/* stack: the stack of a task that clone(2) makes in our memory: below it is a page that cannot be touched. */
#pragma once

#include <stddef.h>

struct err;

struct stack {
	char *map;
	size_t size;
};

/* `bytes` of it, which take memory only when they are used. */
int stack_make(struct stack *s, size_t bytes, struct err *e);

/* Where it begins: for clone(2). */
static inline char *stack_top(const struct stack *s)
{
	return s->map + s->size;
}

/* Does nothing to one that was not made. */
void stack_free(struct stack *s);

/* SPDX-License-Identifier: Apache-2.0 */
/* stack: see stack.h. */
#include "base/stack.h"

#include <sched.h>
#include <sys/mman.h>

#include "base/err.h"
#include "base/sanitizer.h"

#define GUARD_BYTES ((size_t)64 << 10) /* a page of any architecture */

int stack_make(struct stack *s, size_t bytes, struct err *e)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE;
	char *map = mmap(NULL, GUARD_BYTES + bytes, PROT_NONE, flags, -1, 0);

	*s = (struct stack){ 0 };
	if (map == MAP_FAILED)
		return err_set(e, errno, "make a stack");
	*s = (struct stack){ map, GUARD_BYTES + bytes };
	if (mprotect(map + GUARD_BYTES, bytes, PROT_READ | PROT_WRITE) == 0)
		return 0;
	int r = err_set(e, errno, "make a stack");
	stack_free(s);
	return r;
}

void stack_free(struct stack *s)
{
	if (s->map)
		munmap(s->map, s->size);
	*s = (struct stack){ 0 };
}

static char *stack_top(const struct stack *s)
{
	return s->map + s->size;
}

#ifdef ADDRESSES_CHECKED
#include <sanitizer/common_interface_defs.h>

struct task {
	const struct stack *stack;
	int (*fn)(void *arg);
	void *arg;
};

/* The sanitizer takes the task for the thread that has made it, and warns when that is on another stack. */
__attribute__((no_sanitize("address"))) static int checked_task(void *arg)
{
	const struct task *t = arg;
	void *fake_stack = NULL;
	const void *bottom = NULL;
	size_t size = 0;

	__sanitizer_start_switch_fiber(&fake_stack, t->stack->map + GUARD_BYTES, t->stack->size - GUARD_BYTES);
	__sanitizer_finish_switch_fiber(NULL, &bottom, &size);
	int r = t->fn(t->arg);
	__sanitizer_start_switch_fiber(NULL, bottom, size);
	__sanitizer_finish_switch_fiber(fake_stack, NULL, NULL);
	return r;
}

pid_t stack_clone(const struct stack *s, int (*fn)(void *arg), int flags, void *arg)
{
	struct task t = { s, fn, arg };

	return clone(checked_task, stack_top(s), CLONE_VM | CLONE_VFORK | flags, &t);
}
#else
pid_t stack_clone(const struct stack *s, int (*fn)(void *arg), int flags, void *arg)
{
	return clone(fn, stack_top(s), CLONE_VM | CLONE_VFORK | flags, arg);
}
#endif

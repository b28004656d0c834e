/* stack: see stack.h. */
#include "base/stack.h"

#include <sys/mman.h>

#include "base/err.h"

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

/* SPDX-License-Identifier: Apache-2.0 */
/* json_memory: see json_memory.h. Each piece has its size in front of it, for realloc. */
#include "json_memory.h"

#include <stdalign.h>
#include <stddef.h>
#include <string.h>

struct piece {
	size_t size;
	alignas(max_align_t) char data[];
};

static void *allocate(void *ctx, size_t size)
{
	struct json_memory *m = ctx;
	struct piece *p = NULL;
	size_t with_head;

	if (!__builtin_add_overflow(size, sizeof *p, &with_head))
		p = arena_alloc(&m->arena, with_head);
	if (!p)
		longjmp(m->no_memory, 1);
	p->size = size;
	return p->data;
}

static void *reallocate(void *ctx, void *old, size_t size)
{
	size_t old_size = 0;

	if (old) {
		const void *piece = (char *)old - offsetof(struct piece, data);
		old_size = ((const struct piece *)piece)->size;
	}
	if (size <= old_size)
		return old;
	char *fresh = allocate(ctx, size);
	if (old_size)
		memcpy(fresh, old, old_size);
	return fresh;
}

static void json_memory_release(void *ctx, void *piece)
{
	(void)ctx;
	(void)piece;
}

yajl_alloc_funcs json_memory_funcs(struct json_memory *m)
{
	return (yajl_alloc_funcs){ allocate, reallocate, json_memory_release, m };
}

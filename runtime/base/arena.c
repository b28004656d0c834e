/* SPDX-License-Identifier: Apache-2.0 */
/* arena: see arena.h. */
#include "base/arena.h"

#include <errno.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sanitizer.h"

/* Where addresses are checked each item is a block of its own, without slack: the first byte too far is seen. */
#ifdef ADDRESSES_CHECKED
#define BLOCK_BYTES ((size_t)0)
#define ALIGN 1
#else
#define BLOCK_BYTES ((size_t)16 << 10)
#define ALIGN alignof(max_align_t)
#endif

struct arena_block {
	struct arena_block *prev;
	size_t used, size;
	alignas(max_align_t) char data[];
};

static struct arena_block *add_block(struct arena *a, size_t need)
{
	size_t size = need > BLOCK_BYTES ? need : BLOCK_BYTES;
	struct arena_block *b = malloc(sizeof *b + size);

	if (!b)
		return NULL;
	b->used = 0;
	b->size = size;
	a->total_bytes += sizeof *b + size;
	/* A large item gets a block of its own behind the current one, whose rest stays usable. */
	if (need > BLOCK_BYTES && a->last) {
		b->prev = a->last->prev;
		a->last->prev = b;
	} else {
		b->prev = a->last;
		a->last = b;
	}
	return b;
}

void *arena_alloc(struct arena *a, size_t size)
{
	if (size > SIZE_MAX / 2) {
		errno = ENOMEM;
		return NULL;
	}
	size = (size + ALIGN - 1) & ~(ALIGN - 1);
	struct arena_block *b = a->last;
	if (!b || b->size - b->used < size) {
		b = add_block(a, size);
		if (!b)
			return NULL;
	}
	void *p = b->data + b->used;
	b->used += size;
	return memset(p, 0, size);
}

void *arena_calloc(struct arena *a, size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	return arena_alloc(a, bytes);
}

void *arena_grow(struct arena *a, void *items, size_t n, size_t size)
{
	if (n && (n & (n - 1)))
		return items; /* room is left up to the next power of two */
	void *bigger = arena_calloc(a, n ? n * 2 : 1, size);
	if (bigger && n)
		memcpy(bigger, items, n * size);
	return bigger;
}

char *arena_strndup(struct arena *a, const char *s, size_t len)
{
	char *p = arena_alloc(a, len + 1);

	if (p)
		memcpy(p, s, len);
	return p;
}

char *arena_strdup(struct arena *a, const char *s)
{
	return arena_strndup(a, s, strlen(s));
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap, again;

	va_start(ap, fmt);
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	char *p = n < 0 ? NULL : arena_alloc(a, (size_t)n + 1);
	if (p)
		vsnprintf(p, (size_t)n + 1, fmt, again);
	va_end(again);
	return p;
}

void arena_free(struct arena *a)
{
	while (a->last) {
		struct arena_block *b = a->last;
		a->last = b->prev;
		free(b);
	}
	a->total_bytes = 0;
}

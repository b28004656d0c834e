/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arena: one bump allocator a document (a config, a command). Freed as a whole, so decoded trees
 * need no per-field free. Memory is zeroed. Not thread safe.
 */
#pragma once

#include <stddef.h>
#include <stdarg.h>

struct arena_block;

struct arena {
	struct arena_block *last;
	size_t total_bytes; /* allocated from malloc so far */
};

#define ARENA_INIT ((struct arena){ 0 })

/* Zeroed memory aligned for any type, or NULL on OOM. Size 0 gives a valid pointer. */
void *arena_alloc(struct arena *a, size_t size);

/* As arena_alloc(n * size), NULL with ENOMEM on overflow. */
void *arena_calloc(struct arena *a, size_t n, size_t size);

/*
 * Grows an array of `n` items of `size` bytes to hold one more; capacities are powers of two, so
 * appending one by one costs amortised O(1). Returns the (perhaps moved) array or NULL.
 */
void *arena_grow(struct arena *a, void *items, size_t n, size_t size);

char *arena_strdup(struct arena *a, const char *s);
char *arena_strndup(struct arena *a, const char *s, size_t len);
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Frees everything; the arena can be used again. */
void arena_free(struct arena *a);

#define _cleanup_arena_ __attribute__((cleanup(arena_free)))

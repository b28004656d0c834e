/* SPDX-License-Identifier: Apache-2.0 */
/* buf: a growing byte string with a sticky error: append at will, check `failed` once. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct buf {
	char *data; /* NUL-terminated once anything was put; NULL before */
	size_t len, cap;
	bool failed; /* out of memory: the content is incomplete */
};

#define BUF_INIT ((struct buf){ 0 })

void buf_put(struct buf *b, const void *data, size_t len);
void buf_puts(struct buf *b, const char *s);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_free(struct buf *b);

#define _cleanup_buf_ __attribute__((cleanup(buf_free)))

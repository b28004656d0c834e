/* SPDX-License-Identifier: Apache-2.0 */
/* memory: arenas, buffers that grow, files that are read whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/io.h"

static void arena_grows(void **state)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	int *v = NULL;

	(void)state;
	for (int i = 0; i < 5000; i++) {
		v = arena_grow(&a, v, (size_t)i, sizeof *v);
		assert_non_null(v);
		v[i] = i;
	}
	for (int i = 0; i < 5000; i++)
		assert_int_equal(v[i], i);
	assert_null(arena_calloc(&a, SIZE_MAX / 2, 4));
	assert_string_equal(arena_printf(&a, "%s-%d", "x", 7), "x-7");
	char *big = arena_alloc(&a, 1 << 20);
	assert_non_null(big);
	assert_int_equal(big[(1 << 20) - 1], 0);
}

static void buf_builds(void **state)
{
	_cleanup_buf_ struct buf b = BUF_INIT;

	(void)state;
	for (int i = 0; i < 1000; i++)
		buf_printf(&b, "%d,", i % 10);
	assert_false(b.failed);
	assert_int_equal(b.len, 2000);
	assert_memory_equal(b.data + 1996, "8,9,", 5);
	buf_put(&b, "x", SIZE_MAX);
	assert_true(b.failed);
}

static void reads_grow_and_stop(void **state)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct err e = ERR_INIT;
	int p[2];
	char chunk[5000], *data;
	size_t len;

	(void)state;
	memset(chunk, 'y', sizeof chunk);
	for (int round = 0; round < 2; round++) {
		assert_int_equal(pipe(p), 0);
		assert_int_equal(write(p[1], chunk, sizeof chunk), sizeof chunk);
		assert_int_equal(write(p[1], chunk, sizeof chunk), sizeof chunk);
		close(p[1]);
		int r = io_read_all(&a, p[0], round ? 9999 : 10000, "pipe", &data, &len, &e);
		close(p[0]);
		if (round) {
			assert_int_equal(r, -EFBIG);
			continue;
		}
		assert_int_equal(r, 0);
		assert_int_equal(len, 10000);
		assert_int_equal(data[10000], 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arena_grows),
		cmocka_unit_test(buf_builds),
		cmocka_unit_test(reads_grow_and_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* base: errors, arenas, number parsing, buffers. */
#include <limits.h>
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

static void err_says_what_and_why(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(err_set(&e, EACCES, "mount %s", "/proc"), -EACCES);
	assert_string_equal(e.text, "mount /proc: Permission denied");
	assert_int_equal(err_in(&e, "create \"%s\"", "c1"), -EACCES);
	assert_string_equal(e.text, "create \"c1\": mount /proc: Permission denied");
}

static void err_truncates(void **state)
{
	struct err e = ERR_INIT;
	char longer[ERR_TEXT_SIZE * 2];

	(void)state;
	memset(longer, 'x', sizeof longer - 1);
	longer[sizeof longer - 1] = '\0';
	assert_int_equal(err_set(&e, EIO, "%s", longer), -EIO);
	assert_int_equal(strlen(e.text), ERR_TEXT_SIZE - 1);
	assert_int_equal(err_in(&e, "front"), -EIO);
	assert_int_equal(strlen(e.text), ERR_TEXT_SIZE - 1);
	assert_memory_equal(e.text, "front: xxx", 10);
}

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

static void numbers_are_strict(void **state)
{
	static const char *const bad[] = { "", " 1", "1 ", "+1", "0x0", "1x", "-1",
					   "18446744073709551616" };
	unsigned long long v;
	long long i;
	unsigned u;

	(void)state;
	for (size_t n = 0; n < sizeof bad / sizeof *bad; n++)
		assert_false(io_parse_u64(bad[n], &v));
	assert_true(io_parse_u64("18446744073709551615", &v));
	assert_true(v == ULLONG_MAX);
	assert_false(io_parse_u32("4294967296", &u));
	assert_true(io_parse_i64("-9223372036854775808", &i) && i == LLONG_MIN);
	assert_false(io_parse_i64("9223372036854775808", &i));
	assert_false(io_parse_i64("--1", &i));
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
		cmocka_unit_test(err_says_what_and_why), cmocka_unit_test(err_truncates),
		cmocka_unit_test(arena_grows),		 cmocka_unit_test(numbers_are_strict),
		cmocka_unit_test(buf_builds),		 cmocka_unit_test(reads_grow_and_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

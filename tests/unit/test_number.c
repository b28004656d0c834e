/* SPDX-License-Identifier: Apache-2.0 */
/* number: texts that are numbers, and those that are not. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/io.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_strict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* within: cmocka's assert_in_range, which version 2 calls deprecated for what version 1 does not have. */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#define assert_within(value, least, most) \
	check_within((uintmax_t)(value), (uintmax_t)(least), (uintmax_t)(most), __FILE__, __LINE__)

static inline void check_within(uintmax_t value, uintmax_t least, uintmax_t most, const char *file, int line)
{
	if (value >= least && value <= most)
		return;
	print_error("%ju is not within %ju and %ju\n", value, least, most);
	_fail(file, line);
}

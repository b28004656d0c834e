/* SPDX-License-Identifier: Apache-2.0 */
/* err: errors say what was being done and why, in a buffer of fixed size. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(err_says_what_and_why),
		cmocka_unit_test(err_truncates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* budget: so many failures within a window, and no more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "machine/budget.h"

static void counts_in_a_window(void **state)
{
	struct budget b;

	(void)state;
	budget_init(&b, 2, 1000);
	assert_int_equal(budget_used(&b, 0), 0);
	assert_true(budget_spend(&b, 0));
	assert_true(budget_spend(&b, 500));
	assert_int_equal(budget_used(&b, 999), 2);
	assert_false(budget_spend(&b, 999));
	assert_int_equal(budget_used(&b, 999), 3);
	assert_int_equal(budget_used(&b, 1000), 2); /* the first is a whole window ago */
	assert_int_equal(budget_used(&b, 1999), 0);
	assert_true(budget_spend(&b, 5000));
}

static void none_may_be_borne(void **state)
{
	struct budget b;

	(void)state;
	budget_init(&b, 0, 1000);
	assert_false(budget_spend(&b, 0));
	assert_false(budget_spend(&b, 1000000));
}

static void any_number_fits(void **state)
{
	struct budget b;

	(void)state;
	budget_init(&b, 100000, 1000);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 100000; i++)
			assert_true(budget_spend(&b, round * 10000 + i % 1000 / 10));
		assert_false(budget_spend(&b, round * 10000 + 100));
		assert_int_equal(budget_used(&b, round * 10000 + 100), 100001);
		assert_int_equal(budget_used(&b, round * 10000 + 1100), 0);
	}
}

/* As many slots as there can be, whatever the window. */
static void no_failure_of_the_window_is_lost(void **state)
{
	static const long long windows_ms[] = { 1, 63, 64, 65, 127, 199, 1000, 60000, 86400000 };
	struct budget b;

	(void)state;
	for (size_t i = 0; i < sizeof windows_ms / sizeof *windows_ms; i++) {
		long long step_ms = windows_ms[i] / 1000 + 1, n = 0;
		budget_init(&b, 1000000, windows_ms[i]);
		for (long long at_ms = 0; at_ms < windows_ms[i]; at_ms += step_ms, n++)
			budget_spend(&b, at_ms);
		assert_int_equal(budget_used(&b, windows_ms[i] - 1), n);
	}
}

static void without_one_everything_is_borne(void **state)
{
	struct budget b;

	(void)state;
	budget_init(&b, BUDGET_NONE, 1000);
	for (int i = 0; i < 100000; i++)
		assert_true(budget_spend(&b, 0));
	assert_false(budget_is_over(&b, 0));
	assert_int_equal(budget_used(&b, 0), 100000);
}

/* One each window, for ever. */
static void a_slow_drip_is_borne(void **state)
{
	struct budget b;

	(void)state;
	budget_init(&b, 1, 1000);
	for (long long now_ms = 0; now_ms < 1000000; now_ms += 1000)
		assert_true(budget_spend(&b, now_ms));
	assert_false(budget_spend(&b, 999001));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_in_a_window),
		cmocka_unit_test(none_may_be_borne),
		cmocka_unit_test(any_number_fits),
		cmocka_unit_test(no_failure_of_the_window_is_lost),
		cmocka_unit_test(without_one_everything_is_borne),
		cmocka_unit_test(a_slow_drip_is_borne),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

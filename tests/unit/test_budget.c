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

static void the_most_fits(void **state)
{
	struct budget b;

	(void)state;
	budget_init(&b, BUDGET_MAX, 1000);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < BUDGET_MAX; i++)
			assert_true(budget_spend(&b, round * 10000));
		assert_false(budget_spend(&b, round * 10000));
		assert_int_equal(budget_used(&b, round * 10000), BUDGET_MAX + 1);
	}
	for (int i = 0; i < 10 * BUDGET_MAX; i++)
		assert_false(budget_spend(&b, 20000));
	assert_int_equal(budget_used(&b, 20999), BUDGET_MAX + 1);
	assert_int_equal(budget_used(&b, 21000), 0);
}

static void more_than_the_most_is_the_most(void **state)
{
	struct budget b;

	(void)state;
	budget_init(&b, BUDGET_MAX + 50, 1000);
	for (int i = 0; i < BUDGET_MAX; i++)
		assert_true(budget_spend(&b, 0));
	assert_false(budget_spend(&b, 0));
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
		cmocka_unit_test(the_most_fits),
		cmocka_unit_test(more_than_the_most_is_the_most),
		cmocka_unit_test(a_slow_drip_is_borne),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

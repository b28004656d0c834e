/* SPDX-License-Identifier: Apache-2.0 */
/* pace: from begin to begin, doubled, with jitter; together with others that fail; void. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "machine/pace.h"
#include "within.h"

static uint32_t random_state = 1;
static const struct pace_limits usual = { 100, 1000, 0, &random_state };

static void who_lasts_owes_nothing(void **state)
{
	struct pace p = { 0 };

	(void)state;
	pace_begin(&p, 5000);
	pace_fail(&p, &usual, 5100);
	assert_false(pace_owes(&p, 5100));
	assert_int_equal(p.interval_ms, 100); /* for ever */
	for (long long now_ms = 6000; now_ms < 100000; now_ms += 500) {
		pace_begin(&p, now_ms);
		pace_fail(&p, &usual, now_ms + 500);
		assert_false(pace_owes(&p, now_ms + 500));
	}
}

static void it_is_the_rest_that_is_owed(void **state)
{
	struct pace p = { 0 };

	(void)state;
	pace_begin(&p, 5000);
	pace_fail(&p, &usual, 5070);
	assert_within(p.until_ms, 5080, 5100);
	assert_true(pace_owes(&p, 5079));
	assert_false(pace_owes(&p, 5100));
	pace_begin(&p, 5100);
	assert_false(pace_owes(&p, 5100));
}

static void intervals_double_and_vary(void **state)
{
	static const long long wanted[] = { 100, 200, 400, 800, 1000, 1000, 1000 };
	long long least = 1000, most = 0;

	(void)state;
	for (uint32_t seed = 1; seed <= 1000; seed++) {
		struct pace p = { 0 };
		uint32_t random = seed * 2654435761U;
		struct pace_limits l = { 100, 1000, 0, &random };
		for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
			pace_begin(&p, 0);
			pace_fail(&p, &l, 1);
			assert_within(p.until_ms, wanted[i] * 8 / 10, wanted[i]);
			least = i || p.until_ms > least ? least : p.until_ms;
			most = i || p.until_ms < most ? most : p.until_ms;
		}
	}
	assert_true(least < 84 && most > 96);
}

static void those_that_fail_together_double_together(void **state)
{
	struct pace_limits l = usual;
	struct pace p = { 0 };

	(void)state;
	l.floor_ms = 800;
	pace_begin(&p, 0);
	pace_fail(&p, &l, 1);
	assert_within(p.until_ms, 640, 800);
	assert_int_equal(p.interval_ms, 1000);
	/* Who has lasted is none of them. */
	p = (struct pace){ 0 };
	pace_begin(&p, 0);
	pace_fail(&p, &l, 100);
	assert_false(pace_owes(&p, 100));
}

static void what_is_paid_or_void_is_not_owed(void **state)
{
	struct pace p = { 0 };

	(void)state;
	pace_begin(&p, 0);
	pace_fail(&p, &usual, 1);
	pace_pay(&p);
	assert_false(pace_owes(&p, 1));
	pace_begin(&p, 1);
	pace_fail(&p, &usual, 2);
	assert_within(p.until_ms, 161, 201);
	pace_void(&p);
	assert_false(pace_owes(&p, 2));
	pace_begin(&p, 2);
	pace_fail(&p, &usual, 3);
	assert_within(p.until_ms, 82, 102);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_lasts_owes_nothing),
		cmocka_unit_test(it_is_the_rest_that_is_owed),
		cmocka_unit_test(intervals_double_and_vary),
		cmocka_unit_test(those_that_fail_together_double_together),
		cmocka_unit_test(what_is_paid_or_void_is_not_owed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

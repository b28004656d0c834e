/* SPDX-License-Identifier: Apache-2.0 */
/* member: its timers, without a service and without a container. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/err.h"
#include "service/member.h"

static struct loop loop;
static const struct member_owner owner;
static const struct member_common common = { .owner = &owner, .loop = &loop };

static void never(struct timer *t)
{
	(void)t;
	fail();
}

/* The machine waits for them, whatever becomes of what was built. */
static void its_next_build_and_start_are_not_forgotten_with_it(void **state)
{
	struct err e = ERR_INIT;
	struct member m;

	(void)state;
	assert_int_equal(loop_init(&loop, &e), 0);
	member_init(&m, &common, NULL, 0, "primary");
	for (int i = 0; i < TIMERS; i++)
		loop_timer(&loop, &m.timers[i].timer, NS_PER_S, never);
	member_forget(&m);
	for (int i = 0; i < TIMERS; i++)
		assert_int_equal(m.timers[i].timer.armed, i == TIMER_BACKOFF || i == TIMER_START);
	member_finish(&m);
	for (int i = 0; i < TIMERS; i++)
		assert_false(m.timers[i].timer.armed);
	loop_finish(&loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(its_next_build_and_start_are_not_forgotten_with_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* member: its gate and its timers, without a service and without a container. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/fd.h"
#include "service/member.h"
#include "wire/sync.h"

#define PATIENCE_NS (20 * NS_PER_MS) /* for what must not come */

static struct loop loop;
static struct timer patience;
static struct {
	unsigned events[EVENTS], released, past_gate;
} told;

static void on_event(struct member *m, const struct machine_event *ev)
{
	(void)m;
	told.events[ev->type]++;
}

static void on_released(struct member *m)
{
	(void)m;
	told.released++;
}

static void on_past_gate(struct member *m)
{
	(void)m;
	told.past_gate++;
}

static const struct member_owner owner = { .event = on_event, .released = on_released, .past_gate = on_past_gate };
static const struct member_common common = { .owner = &owner, .loop = &loop };

static void lose_patience(struct timer *t)
{
	(void)t;
	loop_stop(&loop);
}

static void let_work(void)
{
	struct err e = ERR_INIT;

	loop.over = false;
	loop_timer(&loop, &patience, PATIENCE_NS, lose_patience);
	assert_int_equal(loop_run(&loop, &e), 0);
}

/* A standby whose program has been let go: its init's end of the gate. */
static int let_go(struct member *m)
{
	struct err e = ERR_INIT;
	int ends[2];

	told = (__typeof__(told)){ .released = 0 };
	assert_int_equal(loop_init(&loop, &e), 0);
	member_init(m, &common, NULL, 1, "standby-1");
	assert_int_equal(sync_pair(ends, &e), 0);
	m->gate_fd = ends[0];
	m->is_standby = true;
	assert_int_equal(member_watch_gate(m, &e), 0);
	assert_int_equal(sync_send(ends[1], SYNC_EXEC, 0, &e), 0);
	let_work();
	assert_int_equal(told.released, 0);
	return ends[1];
}

static void its_program_runs_when_the_gate_is_closed(void **state)
{
	struct member m;
	int end = let_go(&m);

	(void)state;
	close(end);
	let_work();
	assert_int_equal(told.released, 1);
	assert_int_equal(told.events[EVENT_RELEASED], 1);
	assert_int_equal(told.past_gate, 1);
	member_finish(&m);
	loop_finish(&loop);
}

/* It would be taken for who serves. */
static void one_that_was_killed_meanwhile_is_not_told_to_run(void **state)
{
	struct member m;
	int end = let_go(&m);

	(void)state;
	member_kill(&m);
	close(end);
	let_work();
	assert_int_equal(told.released, 0);
	assert_int_equal(told.events[EVENT_RELEASED], 0);
	assert_int_equal(told.events[EVENT_RELEASE_FAILED], 0);
	assert_int_equal(told.events[EVENT_EMPTY], 1);
	assert_int_equal(told.past_gate, 1);
	member_finish(&m);
	loop_finish(&loop);
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
		loop_timer(&loop, &m.timers[i].timer, NS_PER_S, lose_patience);
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
		cmocka_unit_test(its_program_runs_when_the_gate_is_closed),
		cmocka_unit_test(one_that_was_killed_meanwhile_is_not_told_to_run),
		cmocka_unit_test(its_next_build_and_start_are_not_forgotten_with_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

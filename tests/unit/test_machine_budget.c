/* SPDX-License-Identifier: Apache-2.0 */
/* machine_budget: restarts in place, failures that count, and how a service ends: stories, event by event. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "machine_story.h"

#define RESTARTED \
	{ EXIT(0, 3), "kill0 fence0+5000 healthy0- stable0- active>fencing:exit", 200 }, \
	{ EV(EMPTY, 0), "fence0- discard0 build0 fencing>promoting:exit" }, \
	{ EV(BUILT, 0), "release0" }, \
	{ EV(RELEASED, 0), "serves0 healthy0+10000 stable0+60000 promoting>active:exit" }

static void restarts_in_place_come_first(void **state)
{
	static const struct line lines[] = {
		UP,
		RESTARTED,
		{ EXIT(0, 3), "kill0 fence0+5000 healthy0- stable0- active>fencing:exit", 200 },
		{ EV(EMPTY, 0), "release1 fencing>promoting:exit fence0- discard0 build0" },
	};
	struct machine_policy p = story_simple;

	(void)state;
	p.restarts = 1;
	TELL(&p, 2, lines);
}

/* Who would have to wait for its next start is no faster than a standby. */
static void restarts_in_place_are_not_waited_for(void **state)
{
	static const struct line lines[] = {
		UP,
		{ EXIT(0, 3), "kill0 fence0+5000 healthy0- stable0- active>fencing:exit", 5 },
		{ EV(EMPTY, 0), "release1 fencing>promoting:exit fence0- discard0 build0" },
	};
	struct machine_policy p = story_simple;

	(void)state;
	p.restarts = 10;
	TELL(&p, 2, lines);
}

static void restarts_count_anew_after_a_window(void **state)
{
	static const struct line lines[] = {
		UP,
		RESTARTED,
		{ DUE(HEALTHY, 0), "", 10000 },
		{ DUE(STABLE, 0), "", 50000 },
		{ EXIT(0, 3), "kill0 fence0+5000 active>fencing:exit" },
		{ EV(EMPTY, 0), "fence0- discard0 build0 fencing>promoting:exit" },
	};
	struct machine_policy p = story_simple;

	(void)state;
	p.restarts = 1;
	TELL(&p, 2, lines);
}

/* Both have to wait: they are built meanwhile, and the first whose time is over serves. */
static void a_crash_loop_ends_with_the_budget(void **state)
{
	static const struct line lines[] = {
		UP,
		{ EXIT(0, 3), "kill0 fence0+5000 healthy0- stable0- active>fencing:exit" },
		{ EV(EMPTY, 0), "release1 fencing>promoting:exit fence0- discard0 build0" },
		{ EXIT(1, 4), "kill1 fence1+5000 promoting>fencing:exit" },
		{ EV(BUILT, 0), "" },
		{ EV(EMPTY, 1), "fencing>promoting:exit fence1- discard1 build1 start0+B" },
		{ EV(BUILT, 1), "" },
		{ DUE(START, 0), "release0", 100 },
		{ EXIT(0, 5), "promoting>stopping:exit kill0 fence0+5000 kill1 fence1+5000" },
		{ EV(EMPTY, 0), "fence0- discard0" },
		{ EV(EMPTY, 1), "fence1- discard1 stopping>exhausted:budget end=5" },
		{ EXIT(1, 5), "" },
		{ STOP(0), "" },
	};

	(void)state;
	TELL(&story_simple, 2, lines);
}

/* Two failures are borne, the third is the primary's: the standby has not been tried. */
static void the_budget_is_spent_when_all_have_failed(void **state)
{
	static const struct line lines[] = {
		UP,
		RESTARTED,
		{ EV(UNHEALTHY, 0, .cause = CAUSE_PROBE),
		  "kill0 fence0+5000 healthy0- stable0- active>fencing:probe", 200 },
		{ EV(EMPTY, 0), "fence0- discard0 build0 fencing>promoting:probe" },
		{ EV(BUILT, 0), "release0" },
		{ EV(RELEASED, 0), "serves0 healthy0+10000 stable0+60000 promoting>active:probe" },
		{ EXIT(0, 3), "kill0 fence0+5000 healthy0- stable0- active>fencing:exit", 200 },
		{ EV(EMPTY, 0), "release1 fencing>promoting:exit fence0- discard0 build0" },
		{ EXIT(1, 4), "promoting>stopping:exit kill0 fence0+5000 kill1 fence1+5000", 200 },
	};
	struct machine_policy p = story_simple;

	(void)state;
	p.restarts = 10;
	TELL(&p, 2, lines);
}

static void old_failures_are_forgotten(void **state)
{
	static const struct line lines[] = {
		{ START, "build0" },
		{ EV(BUILT, 0), "release0" },
		{ EV(RELEASED, 0), "serves0 healthy0+10000 stable0+60000 starting>active:start" },
#define AGAIN \
	{ DUE(HEALTHY, 0), "", 10000 }, \
	{ EXIT(0, 3), "kill0 fence0+5000 stable0- active>fencing:exit", 20001 }, \
	{ EV(EMPTY, 0), "fence0- discard0 build0 fencing>promoting:exit" }, \
	{ EV(BUILT, 0), "release0" }, \
	{ EV(RELEASED, 0), "serves0 healthy0+10000 stable0+60000 promoting>active:exit" }
		AGAIN, AGAIN, AGAIN, AGAIN, AGAIN,
#undef AGAIN
	};

	(void)state;
	TELL(&story_simple, 1, lines);
}

static void without_a_budget_it_never_gives_up(void **state)
{
	static const struct line lines[] = {
		{ START, "build0" },
		{ EV(BUILT, 0), "release0" },
#define AGAIN(more) \
	{ EXIT(0, 1), "kill0 fence0+5000 promoting>fencing:exit" more }, \
	{ EV(EMPTY, 0), "fencing>promoting:exit fence0- discard0 build0 start0+B" }, \
	{ EV(BUILT, 0), "" }, { DUE(START, 0), "release0", 1000 }
		{ EXIT(0, 1), "kill0 fence0+5000 starting>fencing:exit" },
		{ EV(EMPTY, 0), "fencing>promoting:exit fence0- discard0 build0 start0+B" },
		{ EV(BUILT, 0), "" }, { DUE(START, 0), "release0", 1000 },
		AGAIN(""), AGAIN(""), AGAIN(""), AGAIN(" fencing>fencing:loop"),
		AGAIN(""), AGAIN(""), AGAIN(""), AGAIN(""), AGAIN(" fencing>fencing:loop"), AGAIN(""),
#undef AGAIN
		{ EV(RELEASED, 0), "serves0 healthy0+10000 stable0+60000 promoting>active:exit" },
		{ DUE(HEALTHY, 0), "", 10000 },
		{ EXIT(0, 1), "kill0 fence0+5000 stable0- active>fencing:exit" },
	};
	struct machine_policy p = story_simple;

	(void)state;
	p.max_failures = BUDGET_NONE;
	p.backoff_max_ms = 1000;
	TELL(&p, 1, lines);
}

/* The active one is well: nothing that failed before counts, for whomever. */
static void debts_are_void_when_the_service_is_well(void **state)
{
	static const struct line lines[] = {
		UP,
		{ EXIT(0, 3), "kill0 fence0+5000 healthy0- stable0- active>fencing:exit" },
		{ EV(EMPTY, 0), "release1 fencing>promoting:exit fence0- discard0 build0" },
		{ EV(RELEASED, 1), "serves1 healthy1+1000 stable1+1000 promoting>active:exit active>degraded:standby" },
		{ EV(BUILD_FAILED, 0), "backoff0+B" },
		{ DUE(HEALTHY, 1), "backoff0- build0", 50 },
		{ EV(BUILT, 0), "degraded>active:standby" },
		{ EXIT(1, 3), "kill1 fence1+5000 stable1- active>fencing:exit" },
		{ EV(EMPTY, 1), "release0 fencing>promoting:exit fence1- discard1 build1" },
	};
	struct line all[sizeof lines / sizeof *lines];
	struct machine_policy p = story_simple;

	(void)state;
	memcpy(all, lines, sizeof lines);
	all[2].actions = "serves0 healthy0+1000 stable0+1000 starting>active:start active>degraded:standby build1";
	p.window_ms = 1000; /* shorter than what is long enough in any case */
	TELL(&p, 2, all);
}

static void what_never_was_is_no_service(void **state)
{
	static const struct line not_built[] = {
		{ START, "build0" },
		{ EV(BUILD_FAILED, 0), "starting>stopping:build stopping>exhausted:build end=1" },
	};
	static const struct line not_executed[] = {
		{ START, "build0" },
		{ EV(BUILT, 0), "release0" },
		{ EV(RELEASE_FAILED, 0), "starting>stopping:exec kill0 fence0+5000" },
		{ EV(EMPTY, 0), "fence0- discard0 stopping>exhausted:exec end=1" },
	};
	static const struct line died_at_its_gate[] = {
		{ START, "build0" },
		{ EXIT(0, 9), "starting>stopping:build kill0 fence0+5000" },
		{ EV(BUILT, 0), "" },
		{ EV(EMPTY, 0), "fence0- discard0 stopping>exhausted:build end=1" },
	};

	(void)state;
	TELL(&story_simple, 2, not_built);
	TELL(&story_simple, 2, not_executed);
	TELL(&story_simple, 2, died_at_its_gate);
}

static void a_clean_end_is_the_end(void **state)
{
	static const struct line lines[] = {
		UP,
		{ CLEAN(0), "active>stopping:clean-exit kill0 fence0+5000 healthy0- stable0- kill1 fence1+5000" },
		{ EV(EMPTY, 1), "fence1- discard1" },
		{ EV(EMPTY, 0), "fence0- discard0 stopping>completed:clean-exit end=0" },
	};

	(void)state;
	TELL(&story_simple, 2, lines);
}

static void stop_gives_time_to_who_runs(void **state)
{
	static const struct line heeded[] = {
		UP,
		{ STOP(0), "active>stopping:stop healthy0- stable0- term0 term0+10000 kill1 fence1+5000" },
		{ EV(EMPTY, 1), "fence1- discard1" },
		{ EXIT(0, 7), "kill0 fence0+5000 term0-" },
		{ EV(EMPTY, 0), "fence0- discard0 stopping>stopped:stop end=7" },
	};
	static const struct line not_heeded[] = {
		UP,
		{ STOP(15), "active>stopping:stop healthy0- stable0- term0/15 term0+10000 kill1 fence1+5000" },
		{ STOP(15), "term0/15" }, /* who is asked again does not get more time */
		{ DUE(TERM, 0), "kill0 fence0+5000" },
		{ EXIT(0, 137), "" },
		{ EV(EMPTY, 0), "fence0- discard0" },
		{ EV(EMPTY, 1), "fence1- discard1 stopping>stopped:stop end=137" },
	};
	static const struct line in_haste[] = {
		UP,
		{ STOP(9), "active>stopping:stop kill0 fence0+5000 healthy0- stable0- kill1 fence1+5000" },
	};
	static const struct line between_two[] = {
		UP,
		{ EXIT(0, 3), "kill0 fence0+5000 healthy0- stable0- active>fencing:exit" },
		{ STOP(0), "fencing>stopping:stop kill1 fence1+5000" },
		{ EV(EMPTY, 0), "fence0- discard0" },
		{ EV(EMPTY, 1), "fence1- discard1 stopping>stopped:stop end=3" },
	};

	(void)state;
	TELL(&story_simple, 2, heeded);
	TELL(&story_simple, 2, not_heeded);
	TELL(&story_simple, 2, in_haste);
	TELL(&story_simple, 2, between_two);
}

/* -- the rest ---------------------------------------------------------------------------------- */

static void everything_has_a_name(void **state)
{
	const char *names[SERVICE_STATES + MEMBER_STATES + CAUSES];
	size_t n = 0;

	(void)state;
	for (int i = 0; i < SERVICE_STATES; i++)
		names[n++] = machine_state_name((enum machine_state)i);
	for (int i = 0; i < MEMBER_STATES; i++)
		names[n++] = machine_member_state_name((enum member_state)i);
	for (int i = 0; i < CAUSES; i++)
		names[n++] = machine_cause_name((enum machine_cause)i);
	for (size_t i = 0; i < n; i++) {
		assert_non_null(names[i]);
		assert_int_equal(names[i][strspn(names[i], "abcdefghijklmnopqrstuvwxyz-")], '\0');
	}
}

/* What is no event at all. */
static void nonsense_is_not_heeded(void **state)
{
	static const struct machine_event bad[] = {
		{ .type = EVENTS }, { .type = (enum event_type)-1 }, { .type = EVENT_START, .member = 2 },
		{ .type = EVENT_ADOPT, .member = -2 }, { .type = EVENT_TIMER, .timer = TIMERS },
		{ .type = EVENT_EMPTY, .member = 1 << 20 },
	};
	struct machine_actions out;
	struct machine m, same;

	(void)state;
	machine_init(&m, &story_simple, 2, 1);
	same = m;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		machine_step(&m, &bad[i], 0, &out);
		assert_int_equal(out.n, 0);
		assert_memory_equal(&m, &same, sizeof m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(restarts_in_place_come_first),
		cmocka_unit_test(restarts_in_place_are_not_waited_for),
		cmocka_unit_test(restarts_count_anew_after_a_window),
		cmocka_unit_test(a_crash_loop_ends_with_the_budget),
		cmocka_unit_test(the_budget_is_spent_when_all_have_failed),
		cmocka_unit_test(old_failures_are_forgotten),
		cmocka_unit_test(without_a_budget_it_never_gives_up),
		cmocka_unit_test(debts_are_void_when_the_service_is_well),
		cmocka_unit_test(what_never_was_is_no_service),
		cmocka_unit_test(a_clean_end_is_the_end),
		cmocka_unit_test(stop_gives_time_to_who_runs),
		cmocka_unit_test(everything_has_a_name),
		cmocka_unit_test(nonsense_is_not_heeded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

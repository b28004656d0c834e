/* machine: its stories, event by event. What holds in every state is shown in test_machine_reach.c. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "machine_story.h"

/* The takeover: nothing comes between EMPTY and the release; what is left is undone after it. */
static void the_standby_takes_over(void **state)
{
	static const struct line lines[] = {
		UP,
		{ EXIT(0, 3), "kill0 fence0+5000 stable0- active>fencing:exit" },
		{ EV(EMPTY, 0), "release1 fencing>promoting:exit fence0- discard0 backoff0+B" },
		{ EV(RELEASED, 1), "serves1 stable1+60000 promoting>active:exit "
				   "active>degraded:standby" },
		{ DUE(BACKOFF, 0), "build0" },
		{ EV(BUILT, 0), "degraded>active:standby" },
	};

	(void)state;
	TELL(&story_simple, 2, lines);
}

static void nobody_is_promoted_while_the_fence_is_open(void **state)
{
	static const struct line lines[] = {
		UP,
		{ EV(UNHEALTHY, 0, .cause = CAUSE_WATCHDOG),
		  "kill0 fence0+5000 stable0- active>fencing:watchdog" },
		{ DUE(FENCE, 0), "fencing>fencing:fence-timeout kill0 fence0+5000" },
		{ DUE(FENCE, 0), "fencing>fencing:fence-timeout kill0 fence0+5000" },
		{ EXIT(0, 137), "" }, /* its init is gone, the cgroup is not empty */
		{ DUE(FENCE, 0), "fencing>fencing:fence-timeout kill0 fence0+5000" },
		{ EV(EMPTY, 0), "release1 fencing>promoting:watchdog fence0- discard0 backoff0+B" },
	};

	(void)state;
	TELL(&story_simple, 2, lines);
}

static void restarts_in_place_come_first(void **state)
{
	static const struct line lines[] = {
		UP,
		{ EXIT(0, 3), "kill0 fence0+5000 stable0- active>fencing:exit" },
		{ EV(EMPTY, 0), "fence0- discard0 build0 fencing>promoting:exit" },
		{ EV(BUILT, 0), "release0" },
		{ EV(RELEASED, 0), "serves0 stable0+60000 promoting>active:exit" },
		{ EXIT(0, 3), "kill0 fence0+5000 stable0- active>fencing:exit" },
		{ EV(EMPTY, 0), "release1 fencing>promoting:exit fence0- discard0 backoff0+B" },
	};
	struct machine_policy p = story_simple;

	(void)state;
	p.restarts = 1;
	TELL(&p, 2, lines);
}

static void restarts_count_anew_after_a_window(void **state)
{
	static const struct line lines[] = {
		UP,
		{ EXIT(0, 3), "kill0 fence0+5000 stable0- active>fencing:exit" },
		{ EV(EMPTY, 0), "fence0- discard0 build0 fencing>promoting:exit" },
		{ EV(BUILT, 0), "release0" },
		{ EV(RELEASED, 0), "serves0 stable0+60000 promoting>active:exit" },
		{ DUE(STABLE, 0), "", 60000 },
		{ EXIT(0, 3), "kill0 fence0+5000 active>fencing:exit" },
		{ EV(EMPTY, 0), "fence0- discard0 build0 fencing>promoting:exit" },
	};
	struct machine_policy p = story_simple;

	(void)state;
	p.restarts = 1;
	TELL(&p, 2, lines);
}

static void a_crash_loop_ends_with_the_budget(void **state)
{
	static const struct line lines[] = {
		UP,
		{ EXIT(0, 3), "kill0 fence0+5000 stable0- active>fencing:exit" },
		{ EV(EMPTY, 0), "release1 fencing>promoting:exit fence0- discard0 backoff0+B" },
		{ EXIT(1, 4), "kill1 fence1+5000 promoting>fencing:exit" },
		/* Both are in quarantine: who comes out first serves. */
		{ EV(EMPTY, 1), "fencing>promoting:exit fence1- discard1 backoff1+B" },
		{ DUE(BACKOFF, 1), "build1" },
		{ EV(BUILT, 1), "release1" },
		{ EXIT(1, 5), "promoting>stopping:exit kill1 fence1+5000 backoff0-" },
		{ EV(EMPTY, 1), "fence1- discard1 stopping>exhausted:budget end=5" },
		{ EXIT(1, 5), "" },
		{ STOP(0), "" },
	};

	(void)state;
	TELL(&story_simple, 2, lines);
}

static void old_failures_are_forgotten(void **state)
{
	static const struct line lines[] = {
		{ START, "build0" },
		{ EV(BUILT, 0), "release0" },
		{ EV(RELEASED, 0), "serves0 stable0+60000 starting>active:start" },
#define AGAIN \
	{ EXIT(0, 3), "kill0 fence0+5000 stable0- active>fencing:exit", 30001 }, \
	{ EV(EMPTY, 0), "fence0- discard0 build0 fencing>promoting:exit" }, \
	{ EV(BUILT, 0), "release0" }, \
	{ EV(RELEASED, 0), "serves0 stable0+60000 promoting>active:exit" }
		AGAIN, AGAIN, AGAIN, AGAIN, AGAIN,
#undef AGAIN
	};

	(void)state;
	TELL(&story_simple, 1, lines);
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

static void not_ready_in_time_is_a_failure(void **state)
{
	static const struct line lines[] = {
		{ START, "build0" },
		{ EV(BUILT, 0), "release0 ready0+1000" },
		{ EV(RELEASED, 0), "" },
		{ DUE(READY, 0), "kill0 fence0+5000 starting>fencing:ready-timeout" },
		{ EV(READY, 0), "" }, /* too late */
		{ EV(EMPTY, 0), "build1 fencing>promoting:ready-timeout fence0- discard0 backoff0+B" },
		{ EV(BUILT, 1), "release1 ready1+1000" },
		{ EV(READY, 1), "serves1 ready1- stable1+60000 promoting>active:ready-timeout "
				"active>degraded:standby" },
	};
	struct machine_policy p = story_with_ready();

	(void)state;
	TELL(&p, 2, lines);
}

static void a_clean_end_is_the_end(void **state)
{
	static const struct line lines[] = {
		UP,
		{ CLEAN(0), "active>stopping:clean-exit kill0 fence0+5000 stable0- kill1 fence1+5000" },
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
		{ STOP(0), "active>stopping:stop stable0- term0 term0+10000 kill1 fence1+5000" },
		{ EV(EMPTY, 1), "fence1- discard1" },
		{ EXIT(0, 7), "kill0 fence0+5000 term0-" },
		{ EV(EMPTY, 0), "fence0- discard0 stopping>stopped:stop end=7" },
	};
	static const struct line not_heeded[] = {
		UP,
		{ STOP(15), "active>stopping:stop stable0- term0/15 term0+10000 kill1 fence1+5000" },
		{ STOP(15), "term0/15" }, /* who is asked again does not get more time */
		{ DUE(TERM, 0), "kill0 fence0+5000" },
		{ EXIT(0, 137), "" },
		{ EV(EMPTY, 0), "fence0- discard0" },
		{ EV(EMPTY, 1), "fence1- discard1 stopping>stopped:stop end=137" },
	};
	static const struct line in_haste[] = {
		UP,
		{ STOP(9), "active>stopping:stop kill0 fence0+5000 stable0- kill1 fence1+5000" },
	};
	static const struct line between_two[] = {
		UP,
		{ EXIT(0, 3), "kill0 fence0+5000 stable0- active>fencing:exit" },
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

static void a_lost_standby_costs_no_budget(void **state)
{
	static const struct line lines[] = {
		UP,
		{ EXIT(1, 9), "kill1 fence1+5000 active>degraded:standby" },
		{ EV(EMPTY, 1), "fence1- discard1 backoff1+B" },
		{ DUE(BACKOFF, 1), "build1" },
		{ EV(BUILD_FAILED, 1), "backoff1+B" },
		{ DUE(BACKOFF, 1), "build1" },
		{ EV(BUILT, 1), "degraded>active:standby" },
	};
	struct machine_policy p = story_simple;

	(void)state;
	p.max_failures = 0;
	TELL(&p, 2, lines);
}

/* The service waits for one that may run, not for a standby that cannot be killed at its gate. */
static void a_stuck_standby_does_not_hold_up_a_takeover(void **state)
{
	static const struct line lines[] = {
		UP,
		{ EV(BUILT, 2), "" },
		{ EXIT(1, 9), "kill1 fence1+5000" },
		{ EXIT(0, 3), "kill0 fence0+5000 stable0- active>fencing:exit" },
		{ EV(EMPTY, 0), "release2 fencing>promoting:exit fence0- discard0 backoff0+B" },
	};
	struct line all[sizeof lines / sizeof *lines];

	(void)state;
	memcpy(all, lines, sizeof lines);
	all[2].actions = "serves0 stable0+60000 starting>active:start active>degraded:standby "
			 "build1 build2";
	TELL(&story_simple, 3, all);
}

static void an_adopted_service_is_active(void **state)
{
	static const struct line lines[] = {
		{ EV(ADOPT, 1, .cause = CAUSE_ADOPT),
		  "serves1 stable1+60000 starting>active:adopt active>degraded:standby build0" },
		{ EV(BUILT, 0), "degraded>active:standby" },
		{ EV(ADOPT, 0, .cause = CAUSE_ADOPT), "" },
		{ EXIT(1, 255), "kill1 fence1+5000 stable1- active>fencing:exit" },
	};

	(void)state;
	TELL(&story_simple, 2, lines);
}

/* What adopt has found before its first event. */
static void tell_found(const enum member_state found[2], struct machine_event ev, const char *actions)
{
	struct machine_actions out;
	struct machine m;
	char text[1024];

	machine_init(&m, &story_simple, 2, 1);
	for (int i = 0; i < 2; i++)
		machine_restore(&m, i, found[i]);
	machine_step(&m, &ev, 0, &out);
	story_put(text, sizeof text, &out);
	assert_string_equal(text, actions);
}

static void an_adopted_service_goes_on_from_what_is_there(void **state)
{
	static const enum member_state both[] = { MEMBER_TERMINATING, MEMBER_RUNNING },
				       waits[] = { MEMBER_GONE, MEMBER_WARM },
				       leaves[] = { MEMBER_TERMINATING, MEMBER_WARM },
				       nobody[] = { MEMBER_ABSENT, MEMBER_ABSENT },
				       ended[] = { MEMBER_RUNNING, MEMBER_WARM };

	(void)state;
	tell_found(both, (struct machine_event)EV(ADOPT, 1, .cause = CAUSE_ADOPT),
		   "term0 term0+10000 serves1 stable1+60000 starting>active:adopt active>degraded:standby");
	tell_found(waits, (struct machine_event)EV(ADOPT, -1, .cause = CAUSE_ADOPT),
		   "starting>fencing:adopt release1 fencing>promoting:adopt");
	tell_found(leaves, (struct machine_event)EV(ADOPT, 0, .cause = CAUSE_ADOPT),
		   "term0 term0+10000 starting>fencing:adopt");
	tell_found(nobody, (struct machine_event)EV(ADOPT, -1, .cause = CAUSE_ADOPT),
		   "starting>fencing:adopt build0 fencing>promoting:adopt");
	tell_found(ended, (struct machine_event)EXIT(0, 255), "kill0 fence0+5000 starting>fencing:exit");
	tell_found(both, (struct machine_event)STOP(15),
		   "starting>stopping:stop term0/15 term0+10000 term1/15 term1+10000");
	tell_found(nobody, (struct machine_event)STOP(15), "starting>stopping:stop stopping>stopped:stop end=0");
}

/* -- backoffs ---------------------------------------------------------------------------------- */

static long long backoff_of(const struct machine_actions *out)
{
	for (unsigned i = 0; i < out->n; i++)
		if (out->v[i].type == MACHINE_SET_TIMER && out->v[i].timer == TIMER_BACKOFF)
			return out->v[i].arg;
	return -1;
}

static long long next_backoff(struct machine *m)
{
	static const struct machine_event due = DUE(BACKOFF, 1), failed = EV(BUILD_FAILED, 1);
	struct machine_actions out;

	machine_step(m, &failed, 0, &out);
	long long ms = backoff_of(&out);
	machine_step(m, &due, 0, &out);
	return ms;
}

static void backoffs_double_and_vary(void **state)
{
	static const struct machine_event start[] = { START, EV(BUILT, 0), EV(RELEASED, 0) };
	static const long long wanted[] = { 100, 200, 400, 800, 800, 800 };
	struct machine_actions out;
	long long least = LLONG_MAX, most = 0;

	(void)state;
	for (uint32_t seed = 0; seed < 1000; seed++) {
		struct machine m;
		machine_init(&m, &story_simple, 2, seed * 2654435761U);
		for (size_t i = 0; i < 3; i++)
			machine_step(&m, &start[i], 0, &out);
		for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
			long long ms = next_backoff(&m);
			assert_in_range(ms, wanted[i] * 8 / 10, wanted[i] * 12 / 10);
			least = i || ms > least ? least : ms;
			most = i || ms < most ? most : ms;
		}
	}
	assert_true(least < 85 && most > 115);
}

static void backoffs_begin_anew_after_a_window(void **state)
{
	static const struct machine_event lines[] = {
		START, EV(BUILT, 0), EV(RELEASED, 0), EV(BUILD_FAILED, 1), DUE(BACKOFF, 1),
		EV(BUILD_FAILED, 1), DUE(BACKOFF, 1), EV(BUILT, 1), /* next: 400 ms */
		EXIT(0, 3), EV(EMPTY, 0), EV(RELEASED, 1), DUE(STABLE, 1), EXIT(1, 3), EV(EMPTY, 1),
	};
	struct machine_actions out;
	struct machine m;

	(void)state;
	machine_init(&m, &story_simple, 3, 1);
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		machine_step(&m, &lines[i], 0, &out);
	assert_in_range(backoff_of(&out), 80, 120);
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
		cmocka_unit_test(the_standby_takes_over),
		cmocka_unit_test(nobody_is_promoted_while_the_fence_is_open),
		cmocka_unit_test(restarts_in_place_come_first),
		cmocka_unit_test(restarts_count_anew_after_a_window),
		cmocka_unit_test(a_crash_loop_ends_with_the_budget),
		cmocka_unit_test(old_failures_are_forgotten),
		cmocka_unit_test(what_never_was_is_no_service),
		cmocka_unit_test(not_ready_in_time_is_a_failure),
		cmocka_unit_test(a_clean_end_is_the_end),
		cmocka_unit_test(stop_gives_time_to_who_runs),
		cmocka_unit_test(a_lost_standby_costs_no_budget),
		cmocka_unit_test(a_stuck_standby_does_not_hold_up_a_takeover),
		cmocka_unit_test(an_adopted_service_is_active),
		cmocka_unit_test(an_adopted_service_goes_on_from_what_is_there),
		cmocka_unit_test(backoffs_double_and_vary),
		cmocka_unit_test(backoffs_begin_anew_after_a_window),
		cmocka_unit_test(everything_has_a_name),
		cmocka_unit_test(nonsense_is_not_heeded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

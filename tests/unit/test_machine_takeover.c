/* SPDX-License-Identifier: Apache-2.0 */
/* machine_takeover: who takes over, and when: stories, event by event. What holds in every state is shown in
 * test_machine_reach.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "machine_story.h"

/* The takeover: nothing comes between EMPTY and the release; what is left is undone after it, and built anew at once. */
static void the_standby_takes_over(void **state)
{
	static const struct line lines[] = {
		UP,
		{ EXIT(0, 3), "kill0 fence0+5000 healthy0- stable0- active>fencing:exit" },
		{ EV(EMPTY, 0), "release1 fencing>promoting:exit fence0- discard0 build0" },
		{ EV(RELEASED, 1), "serves1 healthy1+10000 stable1+60000 promoting>active:exit "
				   "active>degraded:standby" },
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
		  "kill0 fence0+5000 healthy0- stable0- active>fencing:watchdog" },
		{ DUE(FENCE, 0), "fencing>fencing:fence-timeout kill0 fence0+5000" },
		{ DUE(FENCE, 0), "fencing>fencing:fence-timeout kill0 fence0+5000" },
		{ EXIT(0, 137), "" }, /* its init is gone, the cgroup is not empty */
		{ DUE(FENCE, 0), "fencing>fencing:fence-timeout kill0 fence0+5000" },
		{ EV(EMPTY, 0), "release1 fencing>promoting:watchdog fence0- discard0 build0" },
	};

	(void)state;
	TELL(&story_simple, 2, lines);
}

/* The second failure comes while the first one's member would have to wait, in whatever order. */
static void who_owes_nothing_is_promoted_at_once(void **state)
{
	static const struct line lines[] = {
		UP,
		{ EXIT(0, 3), "kill0 fence0+5000 healthy0- stable0- active>fencing:exit", 50 },
		{ EV(EMPTY, 0), "release1 fencing>promoting:exit fence0- discard0 build0" },
		{ EV(BUILT, 0), "" },
		{ EV(RELEASED, 1), "serves1 healthy1+10000 stable1+60000 promoting>active:exit" },
		/* It ran for longer than it has to; the primary's time is over by then, too. */
		{ EXIT(1, 3), "kill1 fence1+5000 healthy1- stable1- active>fencing:exit", 500 },
		{ EV(EMPTY, 1), "release0 fencing>promoting:exit fence1- discard1 build1" },
		{ EV(BUILT, 1), "" },
		/* The primary fails at once, again; the standby owes nothing. */
		{ EXIT(0, 3), "kill0 fence0+5000 promoting>fencing:exit", 5 },
		{ EV(EMPTY, 0), "release1 fencing>promoting:exit fence0- discard0 build0" },
	};
	struct machine_policy p = story_simple;

	(void)state;
	p.max_failures = BUDGET_NONE;
	TELL(&p, 2, lines);
}

/* Not the first in the list again and again: who has not failed, then who has not been tried for longer. */
static void all_have_their_turn(void **state)
{
	static const struct line lines[] = {
		{ START, "build0" },
		{ EV(BUILT, 0), "release0 ready0+1000" },
#define LATE(who) { DUE(READY, who), "kill" #who " fence" #who "+5000 promoting>fencing:ready-timeout", 1000 }
		{ DUE(READY, 0), "kill0 fence0+5000 starting>fencing:ready-timeout", 1000 },
		{ EV(EMPTY, 0), "build1 fencing>promoting:ready-timeout fence0- discard0" },
		{ EV(BUILT, 1), "release1 ready1+1000 build0 build2" },
		{ EV(BUILT, 0), "" },
		{ EV(BUILT, 2), "" },
		LATE(1),
		{ EV(EMPTY, 1), "release2 ready2+1000 fencing>promoting:ready-timeout fence1- discard1 build1" },
		{ EV(BUILT, 1), "" },
		LATE(2),
		{ EV(EMPTY, 2), "release0 ready0+1000 fencing>promoting:ready-timeout fence2- discard2 build2" },
		{ EV(BUILT, 2), "" },
		LATE(0),
		{ EV(EMPTY, 0), "release1 ready1+1000 fencing>promoting:ready-timeout fence0- discard0 build0" },
#undef LATE
	};
	struct machine_policy p = story_with_ready();

	(void)state;
	p.max_failures = BUDGET_NONE;
	TELL(&p, 3, lines);
}

/* Whoever waits, people need not. */
static void by_hand_nobody_waits(void **state)
{
#define BOTH_WAIT \
	UP, { EXIT(0, 3), "kill0 fence0+5000 healthy0- stable0- active>fencing:exit" }, \
	{ EV(EMPTY, 0), "release1 fencing>promoting:exit fence0- discard0 build0" }, \
	{ EV(BUILT, 0), "" }, { EXIT(1, 4), "kill1 fence1+5000 promoting>fencing:exit" }, \
	{ EV(EMPTY, 1), "fencing>promoting:exit fence1- discard1 build1 start0+B" }
	static const struct line next[] = {
		BOTH_WAIT,
		{ SWITCH(-1), "promoting>promoting:manual start0- release0" },
		{ SWITCH(1), "" }, /* one switch at a time */
		{ EV(RELEASED, 0), "serves0 healthy0+10000 stable0+60000 promoting>active:manual "
				   "active>degraded:standby" },
	};
	static const struct line named[] = {
		BOTH_WAIT,
		{ OVERLAP(1), "promoting>promoting:manual start0-" },
		{ EV(BUILT, 1), "release1" },
	};
	static const struct line upgrade[] = {
		BOTH_WAIT,
		{ UPGRADE(2), "promoting>promoting:upgrade start0- build2" },
		{ EV(BUILT, 2), "release2" },
		{ EV(RELEASED, 2), "serves2 healthy2+10000 stable2+60000 promoting>active:upgrade" },
	};
	static const struct line bad_upgrade[] = {
		BOTH_WAIT,
		{ UPGRADE(2), "promoting>promoting:upgrade start0- build2" },
		{ EV(BUILD_FAILED, 2), "promoting>fencing:build fencing>promoting:rollback start0+B" },
	};
	struct machine_policy p = story_simple;

	(void)state;
	p.max_failures = BUDGET_NONE;
	TELL(&p, 2, next);
	TELL(&p, 2, named);
	TELL(&p, 2, upgrade);
	TELL(&p, 2, bad_upgrade);
}

static void not_ready_in_time_is_a_failure(void **state)
{
	static const struct line lines[] = {
		{ START, "build0" },
		{ EV(BUILT, 0), "release0 ready0+1000" },
		{ EV(RELEASED, 0), "" },
		{ DUE(READY, 0), "kill0 fence0+5000 starting>fencing:ready-timeout" },
		{ EV(READY, 0), "" }, /* too late */
		{ EV(EMPTY, 0), "build1 fencing>promoting:ready-timeout fence0- discard0" },
		{ EV(BUILT, 1), "release1 ready1+1000 build0" },
		{ EV(READY, 1), "serves1 ready1- healthy1+10000 stable1+60000 promoting>active:ready-timeout "
				"active>degraded:standby" },
	};
	struct machine_policy p = story_with_ready();

	(void)state;
	TELL(&p, 2, lines);
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
		{ EXIT(0, 3), "kill0 fence0+5000 healthy0- stable0- active>fencing:exit" },
		{ EV(EMPTY, 0), "release2 fencing>promoting:exit fence0- discard0 build0" },
	};
	struct line all[sizeof lines / sizeof *lines];

	(void)state;
	memcpy(all, lines, sizeof lines);
	all[2].actions = "serves0 healthy0+10000 stable0+60000 starting>active:start active>degraded:standby "
			 "build1 build2";
	TELL(&story_simple, 3, all);
}

static void an_adopted_service_is_active(void **state)
{
	static const struct line lines[] = {
		{ EV(ADOPT, 1, .cause = CAUSE_ADOPT),
		  "serves1 healthy1+10000 stable1+60000 starting>active:adopt active>degraded:standby build0" },
		{ EV(BUILT, 0), "degraded>active:standby" },
		{ EV(ADOPT, 0, .cause = CAUSE_ADOPT), "" },
		{ EXIT(1, 255), "kill1 fence1+5000 healthy1- stable1- active>fencing:exit" },
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
		   "term0 term0+10000 serves1 healthy1+10000 stable1+60000 starting>active:adopt active>degraded:standby");
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_standby_takes_over),
		cmocka_unit_test(nobody_is_promoted_while_the_fence_is_open),
		cmocka_unit_test(who_owes_nothing_is_promoted_at_once),
		cmocka_unit_test(all_have_their_turn),
		cmocka_unit_test(by_hand_nobody_waits),
		cmocka_unit_test(not_ready_in_time_is_a_failure),
		cmocka_unit_test(a_lost_standby_costs_no_budget),
		cmocka_unit_test(a_stuck_standby_does_not_hold_up_a_takeover),
		cmocka_unit_test(an_adopted_service_is_active),
		cmocka_unit_test(an_adopted_service_goes_on_from_what_is_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* machine: the stories of switches that are asked for: overlaps, upgrades, failback. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "machine_story.h"

/* Asked for, it costs no budget, and who was replaced is built again at once. */
static void a_switch_stops_the_old_one_first(void **state)
{
	static const struct line lines[] = {
		UP,
		{ SWITCH(-1), "active>fencing:manual healthy0- stable0- term0 term0+10000" },
		{ CLEAN(0), "kill0 fence0+5000 term0-" },
		{ EV(EMPTY, 0), "release1 fencing>promoting:manual fence0- discard0 build0" },
		{ EV(RELEASED, 1), "serves1 healthy1+10000 stable1+60000 promoting>active:manual "
				   "active>degraded:standby" },
	};
	struct machine_policy p = story_simple;

	(void)state;
	p.max_failures = 0;
	TELL(&p, 2, lines);
}

/* Each is well for a while, and fails all the same: being well does not bring back a chance that is spent. */
static void two_that_fail_in_turn_are_exhausted(void **state)
{
	static const struct line lines[] = {
		UP,
		{ EXIT(0, 3), "kill0 fence0+5000 healthy0- stable0- active>fencing:exit" },
		{ EV(EMPTY, 0), "release1 fencing>promoting:exit fence0- discard0 build0" },
		{ EV(RELEASED, 1), "serves1 healthy1+10000 stable1+60000 promoting>active:exit active>degraded:standby" },
		{ EV(BUILT, 0), "degraded>active:standby" },
		{ DUE(HEALTHY, 1), "", 10000 },
		{ EXIT(1, 3), "active>stopping:exit kill0 fence0+5000 kill1 fence1+5000 stable1-" },
	};
	struct machine_policy p = story_simple;

	(void)state;
	p.max_failures = 0;
	TELL(&p, 2, lines);
}

/* A whole window without a failure does. */
static void after_a_window_all_have_a_chance_again(void **state)
{
	static const struct line lines[] = {
		UP,
		{ EXIT(0, 3), "kill0 fence0+5000 healthy0- stable0- active>fencing:exit" },
		{ EV(EMPTY, 0), "release1 fencing>promoting:exit fence0- discard0 build0" },
		{ EV(RELEASED, 1), "serves1 healthy1+10000 stable1+60000 promoting>active:exit active>degraded:standby" },
		{ EV(BUILT, 0), "degraded>active:standby" },
		{ DUE(HEALTHY, 1), "", 10000 },
		{ DUE(STABLE, 1), "", 60000 },
		{ EXIT(1, 3), "kill1 fence1+5000 active>fencing:exit" },
	};
	struct machine_policy p = story_simple;

	(void)state;
	p.max_failures = 0;
	TELL(&p, 2, lines);
}

static void a_switch_builds_first_while_the_old_one_serves(void **state)
{
	static const struct line lines[] = {
		{ START, "build0" },
		{ EV(BUILT, 0), "release0" },
		{ EV(RELEASED, 0), "serves0 healthy0+10000 stable0+60000 starting>active:start" },
		{ SWITCH(1), "active>promoting:manual build1" },
		{ EV(BUILT, 1), "promoting>fencing:manual healthy0- stable0- term0 term0+10000" },
		{ EXIT(0, 0), "kill0 fence0+5000 term0-" },
		{ EV(EMPTY, 0), "release1 fencing>promoting:manual fence0- discard0" },
	};
	static const struct line not_built[] = {
		{ START, "build0" },
		{ EV(BUILT, 0), "release0" },
		{ EV(RELEASED, 0), "serves0 healthy0+10000 stable0+60000 starting>active:start" },
		{ SWITCH(1), "active>promoting:manual build1" },
		{ EV(BUILD_FAILED, 1), "promoting>active:build backoff1+B" },
	};
	struct machine_policy p = story_simple;

	(void)state;
	p.mode = MODE_COLD;
	TELL(&p, 2, lines);
	TELL(&p, 2, not_built);
}

static void the_target_dies_behind_the_fence(void **state)
{
	static const struct line lines[] = {
		UP,
		{ SWITCH(1), "active>fencing:manual healthy0- stable0- term0 term0+10000" },
		{ EXIT(1, 9), "kill1 fence1+5000" },
		{ CLEAN(0), "kill0 fence0+5000 term0-" },
		{ EV(EMPTY, 0), "fence0- discard0 build0 fencing>promoting:manual" },
	};

	(void)state;
	TELL(&story_simple, 2, lines);
}

static void an_overlap_lasts_from_ready_to_stop(void **state)
{
	static const struct line lines[] = {
		UP_READY,
		{ OVERLAP(1), "active>promoting:manual release1 ready1+1000" },
		{ EV(RELEASED, 1), "" },
		{ EV(READY, 1), "serves1 ready1- healthy1+10000 stable1+60000 promoting>active:manual "
				"healthy0- stable0- term0 term0+10000 active>degraded:standby" },
		{ CLEAN(0), "kill0 fence0+5000 term0-" },
		{ EV(EMPTY, 0), "fence0- discard0 build0" },
	};
	struct machine_policy p = story_with_ready();

	(void)state;
	TELL(&p, 2, lines);
}

static struct machine_policy with_drain(void)
{
	struct machine_policy p = story_with_ready();

	p.drain_ms = 3000;
	return p;
}

static void who_is_replaced_drains_before_it_is_stopped(void **state)
{
	static const struct line lines[] = {
		UP_READY,
		{ OVERLAP(1), "active>promoting:manual release1 ready1+1000" },
		{ EV(READY, 1), "serves1 ready1- healthy1+10000 stable1+60000 promoting>active:manual "
				"healthy0- stable0- term0+3000 active>degraded:standby" },
		{ DUE(TERM, 0), "term0 term0+10000" },
		{ CLEAN(0), "kill0 fence0+5000 term0-" },
		{ EV(EMPTY, 0), "fence0- discard0 build0" },
	};
	struct machine_policy p = with_drain();

	(void)state;
	TELL(&p, 2, lines);
}

/* Nobody serves: it is not waited for. */
static void the_new_one_fails_while_the_old_one_drains(void **state)
{
	static const struct line lines[] = {
		UP_READY,
		{ OVERLAP(1), "active>promoting:manual release1 ready1+1000" },
		{ EV(READY, 1), "serves1 ready1- healthy1+10000 stable1+60000 promoting>active:manual "
				"healthy0- stable0- term0+3000 active>degraded:standby" },
		{ EXIT(1, 3), "kill1 fence1+5000 healthy1- stable1- kill0 fence0+5000 term0- "
			      "degraded>fencing:exit" },
	};
	struct machine_policy p = with_drain();

	(void)state;
	TELL(&p, 2, lines);
}

/* It has the time to stop that it would have had. */
static void a_switch_ends_the_draining_of_the_one_before(void **state)
{
	static const struct line lines[] = {
		UP_READY,
		{ EV(BUILT, 2), "" },
		{ OVERLAP(1), "active>promoting:manual release1 ready1+1000" },
		{ EV(READY, 1), "serves1 ready1- healthy1+10000 stable1+60000 promoting>active:manual "
				"healthy0- stable0- term0+3000" },
		{ OVERLAP(2), "active>promoting:manual term0- term0 term0+10000" },
		{ CLEAN(0), "kill0 fence0+5000 term0-" },
		{ EV(EMPTY, 0), "release2 ready2+1000 fence0- discard0 build0" },
	};
	struct machine_policy p = with_drain();

	(void)state;
	struct line all[sizeof lines / sizeof *lines];
	memcpy(all, lines, sizeof lines);
	all[3].actions = "serves0 ready0- healthy0+10000 stable0+60000 starting>active:start "
			 "active>degraded:standby build1 build2";
	TELL(&p, 3, all);
}

static void a_second_overlap_waits_for_the_end_of_the_first(void **state)
{
	static const struct line lines[] = {
		UP_READY,
		{ EV(BUILT, 2), "" },
		{ OVERLAP(1), "active>promoting:manual release1 ready1+1000" },
		{ EV(READY, 1), "serves1 ready1- healthy1+10000 stable1+60000 promoting>active:manual "
				"healthy0- stable0- term0 term0+10000" },
		{ OVERLAP(2), "active>promoting:manual" },
		{ CLEAN(0), "kill0 fence0+5000 term0-" },
		{ EV(EMPTY, 0), "release2 ready2+1000 fence0- discard0 build0" },
	};
	struct machine_policy p = story_with_ready();

	(void)state;
	/* The third is built besides. */
	struct line all[sizeof lines / sizeof *lines];
	memcpy(all, lines, sizeof lines);
	all[3].actions = "serves0 ready0- healthy0+10000 stable0+60000 starting>active:start "
			 "active>degraded:standby build1 build2";
	TELL(&p, 3, all);
}

/* Nobody serves: what still says goodbye is not waited for. */
static void the_new_one_fails_while_the_old_one_stops(void **state)
{
	static const struct line lines[] = {
		UP_READY,
		{ OVERLAP(1), "active>promoting:manual release1 ready1+1000" },
		{ EV(READY, 1), "serves1 ready1- healthy1+10000 stable1+60000 promoting>active:manual "
				"healthy0- stable0- term0 term0+10000 active>degraded:standby" },
		{ EXIT(1, 3), "kill1 fence1+5000 healthy1- stable1- kill0 fence0+5000 term0- "
			      "degraded>fencing:exit" },
		{ EV(EMPTY, 1), "" },
		{ EV(EMPTY, 0), "fence0- discard0 build0 fencing>promoting:exit fence1- discard1" },
	};
	struct machine_policy p = story_with_ready();

	(void)state;
	TELL(&p, 2, lines);
}

static void the_new_one_fails_in_an_overlap(void **state)
{
	static const struct line lines[] = {
		UP_READY,
		{ OVERLAP(1), "active>promoting:manual release1 ready1+1000" },
		{ EXIT(1, 3), "promoting>active:exit kill1 fence1+5000 ready1- active>degraded:standby" },
		{ EV(EMPTY, 1), "fence1- discard1 build1" },
	};
	struct machine_policy p = story_with_ready();

	(void)state;
	TELL(&p, 2, lines);
}

static void the_old_one_fails_in_an_overlap(void **state)
{
	static const struct line lines[] = {
		UP_READY,
		{ OVERLAP(1), "active>promoting:manual release1 ready1+1000" },
		{ EXIT(0, 3), "kill0 fence0+5000 healthy0- stable0- promoting>promoting:exit" },
		{ EV(READY, 1), "serves1 ready1- healthy1+10000 stable1+60000 promoting>active:manual "
				"active>degraded:standby" },
		{ EV(EMPTY, 0), "fence0- discard0 build0" },
	};
	static const struct line both[] = {
		UP_READY,
		{ OVERLAP(1), "active>promoting:manual release1 ready1+1000" },
		{ EXIT(0, 3), "kill0 fence0+5000 healthy0- stable0- promoting>promoting:exit" },
		{ EXIT(1, 4), "kill1 fence1+5000 ready1- promoting>fencing:exit" },
		{ EV(EMPTY, 1), "" },
		{ EV(EMPTY, 0), "fencing>promoting:exit fence0- discard0 fence1- discard1 build0 build1 start0+B" },
	};
	struct machine_policy p = story_with_ready();

	(void)state;
	TELL(&p, 2, lines);
	TELL(&p, 2, both);
}

#define UPGRADED \
	UP_READY, { UPGRADE(2), "active>promoting:upgrade build2" }, \
	{ EV(BUILT, 2), "release2 ready2+1000" }, \
	{ EV(READY, 2), "serves2 ready2- healthy2+10000 stable2+60000 promoting>active:upgrade " \
			"healthy0- stable0- term0 term0+10000" }, \
	{ CLEAN(0), "kill0 fence0+5000 term0-" }, { EV(EMPTY, 0), "fence0- discard0 build0" }

static void an_upgrade_that_proves_stable_retires_the_old_one(void **state)
{
	static const struct line lines[] = {
		UPGRADED,
		{ EV(BUILT, 0), "" },
		{ DUE(STABLE, 2), "kill0 fence0+5000 kill1 fence1+5000 active>degraded:standby", 60000 },
		{ EV(EMPTY, 0), "fence0- discard0" }, /* and is not built again */
		{ EV(EMPTY, 1), "fence1- discard1 build1" }, /* from the new bundle, if it has none of its own */
		{ EV(BUILT, 1), "degraded>active:standby" },
		{ SWITCH(0), "" },
	};
	struct machine_policy p = story_with_ready();

	(void)state;
	TELL(&p, 2, lines);
}

static void places_of_who_is_gone_are_used_when_all_have_been(void **state)
{
	struct machine_policy p = story_simple;
	struct machine m;

	(void)state;
	machine_init(&m, &p, MACHINE_MEMBERS_MAX - 1, 1);
	machine_restore(&m, 0, MEMBER_GONE);
	machine_restore(&m, 5, MEMBER_GONE);
	assert_int_equal(machine_free_place(&m, 0), MACHINE_MEMBERS_MAX - 1);
	assert_int_equal(machine_free_place(&m, 1), -1);
	m.n_members++;
	machine_restore(&m, 7, MEMBER_GONE);
	assert_int_equal(machine_free_place(&m, 0), 5);
	assert_int_equal(machine_free_place(&m, 1), 7);
	assert_int_equal(machine_free_place(&m, 2), -1);
	m.primary = 5;
	assert_int_equal(machine_free_place(&m, 0), 7);
}

static void an_upgrade_that_fails_is_rolled_back(void **state)
{
	static const struct line within_the_window[] = {
		UPGRADED,
		{ EV(BUILT, 0), "" },
		{ EXIT(2, 3), "kill2 fence2+5000 healthy2- stable2- active>fencing:exit" },
		{ EV(EMPTY, 2), "release0 ready0+1000 fencing>promoting:rollback fence2- discard2" },
		{ EV(READY, 0), "serves0 ready0- healthy0+10000 stable0+60000 promoting>active:rollback" },
		{ SWITCH(2), "" },
	};
	static const struct line never_ready[] = {
		UP_READY,
		{ UPGRADE(2), "active>promoting:upgrade build2" },
		{ EV(BUILT, 2), "release2 ready2+1000" },
		{ DUE(READY, 2), "promoting>active:ready-timeout kill2 fence2+5000" },
		{ EV(EMPTY, 2), "fence2- discard2" },
		{ SWITCH(2), "" },
	};
	static const struct line never_built[] = {
		UP_READY,
		{ UPGRADE(2), "active>promoting:upgrade build2" },
		{ EV(BUILD_FAILED, 2), "promoting>active:build" },
		{ SWITCH(2), "" },
	};
	static const struct line old_one_fails_first[] = {
		UP_READY,
		{ UPGRADE(2), "active>promoting:upgrade build2" },
		{ EXIT(0, 3), "kill2 fence2+5000 kill0 fence0+5000 healthy0- stable0- promoting>fencing:exit" },
		{ EV(EMPTY, 0), "release1 ready1+1000 fencing>promoting:exit fence0- discard0 build0" },
		{ EV(EMPTY, 2), "fence2- discard2" },
	};
	struct machine_policy p = story_with_ready();

	(void)state;
	TELL(&p, 2, within_the_window);
	TELL(&p, 2, never_ready);
	TELL(&p, 2, never_built);
	TELL(&p, 2, old_one_fails_first);
}

/* The version that served before, not the first of the list: its rebuild is waited for. */
static void a_rollback_leads_to_who_served_before(void **state)
{
	static const struct line at_once[] = {
		UP,
		{ UPGRADE(2), "active>promoting:upgrade build2" },
		{ EV(BUILT, 2), "release2" },
		{ EV(RELEASED, 2), "serves2 healthy2+10000 stable2+60000 promoting>active:upgrade "
				   "healthy0- stable0- term0 term0+10000" },
		{ EXIT(2, 1), "kill2 fence2+5000 healthy2- stable2- kill0 fence0+5000 term0- active>fencing:exit", 14 },
		{ EV(EMPTY, 2), "" },
		{ EXIT(0, 137), "" },
		{ EV(EMPTY, 0), "fence0- discard0 build0 fencing>promoting:rollback fence2- discard2" },
		{ EV(BUILT, 0), "release0" },
		{ EV(RELEASED, 0), "serves0 healthy0+10000 stable0+60000 promoting>active:rollback" },
	};
	static const struct line cannot_be_built[] = {
		UPGRADED,
		{ EXIT(2, 3), "kill2 fence2+5000 healthy2- stable2- active>fencing:exit" },
		{ EV(BUILD_FAILED, 0), "backoff0+B" },
		{ EV(EMPTY, 2), "release1 ready1+1000 fencing>promoting:rollback fence2- discard2" },
	};
	struct machine_policy p = story_with_ready();

	(void)state;
	TELL(&story_simple, 2, at_once);
	TELL(&p, 2, cannot_be_built);
}

/* The old one ends first: where two must not run at the same time. */
static void an_upgrade_that_stops_the_old_one_first(void **state)
{
	static const struct line good[] = {
		UP_READY,
		{ EV(ADD, 2, .cause = CAUSE_UPGRADE), "active>promoting:upgrade build2" },
		{ EV(BUILT, 2), "promoting>fencing:upgrade healthy0- stable0- term0 term0+10000" },
		{ CLEAN(0), "kill0 fence0+5000 term0-" },
		{ EV(EMPTY, 0), "release2 ready2+1000 fencing>promoting:upgrade fence0- discard0 build0" },
		{ EV(BUILT, 0), "" },
		{ EV(READY, 2), "serves2 ready2- healthy2+10000 stable2+60000 promoting>active:upgrade" },
	};
	static const struct line bad[] = {
		UP_READY,
		{ EV(ADD, 2, .cause = CAUSE_UPGRADE), "active>promoting:upgrade build2" },
		{ EV(BUILT, 2), "promoting>fencing:upgrade healthy0- stable0- term0 term0+10000" },
		{ CLEAN(0), "kill0 fence0+5000 term0-" },
		{ EV(EMPTY, 0), "release2 ready2+1000 fencing>promoting:upgrade fence0- discard0 build0" },
		{ EXIT(2, 1), "kill2 fence2+5000 ready2- promoting>fencing:exit" },
		{ EV(EMPTY, 2), "fencing>promoting:rollback fence2- discard2" },
		{ EV(BUILT, 0), "release0 ready0+1000" },
		{ EV(READY, 0), "serves0 ready0- healthy0+10000 stable0+60000 promoting>active:rollback" },
	};
	struct machine_policy p = story_with_ready();

	(void)state;
	TELL(&p, 2, good);
	TELL(&p, 2, bad);
}

/* One failback, and no other one before the primary has proved stable: the standby serves on. */
static void a_primary_that_flaps_is_not_gone_back_to(void **state)
{
	static const struct line lines[] = {
		UP,
		{ EXIT(0, 3), "kill0 fence0+5000 healthy0- stable0- active>fencing:exit", 20 },
		{ EV(EMPTY, 0), "release1 fencing>promoting:exit fence0- discard0 build0" },
		{ EV(RELEASED, 1), "serves1 healthy1+10000 stable1+60000 promoting>active:exit "
				   "active>degraded:standby" },
		{ EV(BUILT, 0), "degraded>active:standby failback0+B" }, /* not before it may start */
		{ DUE(FAILBACK, 0), "active>fencing:failback healthy1- stable1- term1 term1+10000", 100 },
		{ CLEAN(1), "kill1 fence1+5000 term1-" },
		{ EV(EMPTY, 1), "release0 fencing>promoting:failback fence1- discard1 build1" },
		{ EV(BUILT, 1), "" },
		{ EXIT(0, 3), "kill0 fence0+5000 promoting>fencing:exit", 20 },
		{ EV(EMPTY, 0), "release1 fencing>promoting:exit fence0- discard0 build0" },
		{ EV(RELEASED, 1), "serves1 healthy1+10000 stable1+60000 promoting>active:exit "
				   "active>degraded:standby" },
		{ EV(BUILT, 0), "degraded>active:standby" },
		{ DUE(HEALTHY, 1), "", 10000 },
		{ DUE(STABLE, 1), "", 50000 },
	};
	struct machine_policy p = story_simple;

	(void)state;
	p.failback_ms = 0;
	TELL(&p, 2, lines);
}

static void failback_waits_until_the_primary_is_warm(void **state)
{
	static const struct line lines[] = {
		UP,
		{ EXIT(0, 3), "kill0 fence0+5000 healthy0- stable0- active>fencing:exit" },
		{ EV(EMPTY, 0), "release1 fencing>promoting:exit fence0- discard0 build0" },
		{ EV(RELEASED, 1), "serves1 healthy1+10000 stable1+60000 promoting>active:exit "
				   "active>degraded:standby" },
		{ EV(BUILT, 0), "degraded>active:standby failback0+3000" },
		{ DUE(FAILBACK, 0), "active>fencing:failback healthy1- stable1- term1 term1+10000" },
		{ CLEAN(1), "kill1 fence1+5000 term1-" },
		{ EV(EMPTY, 1), "release0 fencing>promoting:failback fence1- discard1 build1" },
		{ EV(RELEASED, 0), "serves0 healthy0+10000 stable0+60000 promoting>active:failback "
				   "active>degraded:standby" },
		{ EV(BUILT, 1), "degraded>active:standby" }, /* it is the primary that serves */
	};
	struct machine_policy p = story_simple;

	(void)state;
	p.failback_ms = 3000;
	TELL(&p, 2, lines);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_switch_stops_the_old_one_first),
		cmocka_unit_test(two_that_fail_in_turn_are_exhausted),
		cmocka_unit_test(after_a_window_all_have_a_chance_again),
		cmocka_unit_test(a_switch_builds_first_while_the_old_one_serves),
		cmocka_unit_test(the_target_dies_behind_the_fence),
		cmocka_unit_test(an_overlap_lasts_from_ready_to_stop),
		cmocka_unit_test(who_is_replaced_drains_before_it_is_stopped),
		cmocka_unit_test(the_new_one_fails_while_the_old_one_drains),
		cmocka_unit_test(a_switch_ends_the_draining_of_the_one_before),
		cmocka_unit_test(a_second_overlap_waits_for_the_end_of_the_first),
		cmocka_unit_test(the_new_one_fails_while_the_old_one_stops),
		cmocka_unit_test(the_new_one_fails_in_an_overlap),
		cmocka_unit_test(the_old_one_fails_in_an_overlap),
		cmocka_unit_test(an_upgrade_that_proves_stable_retires_the_old_one),
		cmocka_unit_test(places_of_who_is_gone_are_used_when_all_have_been),
		cmocka_unit_test(an_upgrade_that_fails_is_rolled_back),
		cmocka_unit_test(a_rollback_leads_to_who_served_before),
		cmocka_unit_test(an_upgrade_that_stops_the_old_one_first),
		cmocka_unit_test(a_primary_that_flaps_is_not_gone_back_to),
		cmocka_unit_test(failback_waits_until_the_primary_is_warm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

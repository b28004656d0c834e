/*
 * machine: every state that can be reached, by every event, in a small world: three members whose processes
 * start, end and are killed as the machine asks, or by themselves. Then single stories.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "machine.h"

#define MEMBERS 3

static const struct machine_policy usual = {
	.max_failures = 3, .window_ms = 60000, .backoff_min_ms = 100, .backoff_max_ms = 400,
	.stop_timeout_ms = 1000, .fence_timeout_ms = 1000, .failback_ms = -1,
};

/* What the world knows of a member: the truth that the machine's view is held against. */
struct world_member {
	bool exists; /* built, at its gate or further */
	bool runs; /* the application may execute */
};

struct world {
	struct machine m;
	struct world_member member[MACHINE_MEMBERS_MAX];
	bool ended;
	long long now_ms;
};

static int running(const struct world *w)
{
	int n = 0;

	for (int i = 0; i < w->m.n_members; i++)
		n += w->member[i].runs;
	return n;
}

/* Does what is asked for, and watches the rules. False: a rule was broken. */
static bool obey(struct world *w, const struct machine_actions *actions, bool was_overlap)
{
	bool overlap = was_overlap || w->m.overlap;

	if (actions->n >= MACHINE_ACTIONS_MAX)
		return false;
	for (unsigned i = 0; i < actions->n; i++) {
		const struct machine_action *a = &actions->v[i];
		struct world_member *wm = a->member < 0 ? NULL : &w->member[a->member];
		if (w->ended)
			return false; /* nothing comes after the end */
		switch (a->type) {
		case MACHINE_BUILD:
			if (wm->exists || wm->runs)
				return false;
			break;
		case MACHINE_RELEASE: /* fence before promote */
			if (!wm->exists || running(w) > (overlap ? 1 : 0))
				return false;
			wm->runs = true;
			break;
		case MACHINE_DISCARD:
			if (wm->runs)
				return false;
			wm->exists = false;
			break;
		case MACHINE_END:
			for (int k = 0; k < w->m.n_members; k++)
				if (w->member[k].exists || w->member[k].runs)
					return false;
			w->ended = true;
			break;
		default:
			break;
		}
	}
	return w->ended == machine_is_over(&w->m);
}

static bool step(struct world *w, const struct machine_event *ev)
{
	struct machine_actions actions;
	bool overlap = w->m.overlap;

	machine_step(&w->m, ev, w->now_ms, &actions);
	return obey(w, &actions, overlap);
}

/* -- all of it ------------------------------------------------------------------------------- */

/* What can happen next, as far as the world allows; n = 0, 1, … until false. */
static bool possible(const struct world *w, unsigned n, struct machine_event *ev, struct world *next)
{
	static const struct {
		enum event_type type;
		enum machine_timer timer;
	} of_member[] = {
		{ EVENT_BUILT, 0 },	      { EVENT_BUILD_FAILED, 0 },
		{ EVENT_RELEASED, 0 },	      { EVENT_RELEASE_FAILED, 0 },
		{ EVENT_READY, 0 },	      { EVENT_EXITED, 0 },
		{ EVENT_EXITED, 1 },	      { EVENT_UNHEALTHY, 0 },
		{ EVENT_EMPTY, 0 },	      { EVENT_TIMER, TIMER_READY },
		{ EVENT_TIMER, TIMER_TERM },  { EVENT_TIMER, TIMER_FENCE },
		{ EVENT_TIMER, TIMER_BACKOFF }, { EVENT_TIMER, TIMER_STABLE },
		{ EVENT_TIMER, TIMER_FAILBACK }, { EVENT_SWITCH, 0 }, { EVENT_SWITCH, 1 },
	};
	const unsigned kinds = sizeof of_member / sizeof *of_member;

	*next = *w;
	*ev = (struct machine_event){ .cause = CAUSE_SIGNAL, .status = 137, .member = -1 };
	if (n >= kinds * (unsigned)w->m.n_members) {
		n -= kinds * (unsigned)w->m.n_members;
		ev->type = n < 2 ? EVENT_STOP : n == 2 ? EVENT_ADD : EVENT_START;
		ev->status = n == 0 ? 15 : 9;
		ev->overlap = true;
		ev->cause = n < 2 ? CAUSE_STOP : n == 2 ? CAUSE_UPGRADE : CAUSE_START;
		if (n == 2)
			ev->member = w->m.n_members;
		if (n == 3)
			ev->member = 0;
		return n < 4;
	}
	int i = (int)(n / kinds);
	struct world_member *wm = &next->member[i];
	ev->type = of_member[n % kinds].type;
	ev->timer = of_member[n % kinds].timer;
	ev->member = i;
	switch (ev->type) {
	case EVENT_BUILT:
		if (w->m.members[i].state == MEMBER_BUILDING)
			wm->exists = true;
		break;
	case EVENT_EXITED:
		ev->clean = of_member[n % kinds].timer == 1;
		ev->status = ev->clean ? 0 : 1;
		ev->cause = CAUSE_EXIT;
		break;
	case EVENT_EMPTY: /* also when nobody asked: a late one changes nothing */
		if (w->m.members[i].state == MEMBER_FENCING)
			wm->runs = false;
		break;
	case EVENT_SWITCH:
		ev->overlap = of_member[n % kinds].timer == 1;
		ev->cause = CAUSE_MANUAL;
		break;
	default:
		break;
	}
	return true;
}

/* What tells one state from another: time, jitter and counts of the budget beyond its use are left out. */
struct key {
	unsigned char state, end, active, target, replaced, overlap, n, used;
	unsigned char member[MEMBERS + 1][4], restarts[MEMBERS + 1];
};

static struct key key_of(const struct world *w)
{
	struct key k;

	memset(&k, 0, sizeof k);
	k.state = (unsigned char)w->m.state;
	k.end = (unsigned char)w->m.end;
	k.active = (unsigned char)(w->m.active + 1);
	k.target = (unsigned char)(w->m.target + 1);
	k.replaced = (unsigned char)(w->m.replaced + 1);
	k.overlap = w->m.overlap;
	k.n = (unsigned char)w->m.n_members;
	k.used = (unsigned char)budget_used(&w->m.budget, w->now_ms);
	for (int i = 0; i < w->m.n_members; i++) {
		const struct machine_member *mm = &w->m.members[i];
		k.member[i][0] = (unsigned char)mm->state;
		k.member[i][1] = (unsigned char)(mm->failed | mm->dirty << 1 | mm->retired << 2);
		k.member[i][2] = (unsigned char)(w->member[i].exists | w->member[i].runs << 1);
		k.restarts[i] = (unsigned char)mm->restarts;
	}
	return k;
}

#define TABLE_SIZE (1u << 22)
#define STATES_MAX (1u << 20)

struct search {
	struct key *seen; /* open addressing; n == 0 is empty */
	struct world *queue;
	unsigned n, at;
};

static void visit(struct search *s, const struct world *w)
{
	struct key k = key_of(w);
	uint64_t h = 14695981039346656037u;

	for (size_t i = 0; i < sizeof k; i++)
		h = (h ^ ((const unsigned char *)&k)[i]) * 1099511628211u;
	for (unsigned i = (unsigned)h & (TABLE_SIZE - 1);; i = (i + 1) & (TABLE_SIZE - 1)) {
		if (!s->seen[i].n) {
			s->seen[i] = k;
			break;
		}
		if (!memcmp(&s->seen[i], &k, sizeof k))
			return;
	}
	assert_true(s->n < STATES_MAX);
	s->queue[s->n++] = *w;
}

static _Noreturn void tell_broken(const struct world *w, const struct machine_event *ev)
{
	struct machine m = w->m;
	struct machine_actions actions;

	for (int i = 0; i < m.n_members; i++)
		print_error("member %d: %s%s%s, exists %d, runs %d\n", i,
			    machine_member_state_name(m.members[i].state),
			    m.members[i].failed ? " failed" : "", m.members[i].dirty ? " dirty" : "",
			    w->member[i].exists, w->member[i].runs);
	machine_step(&m, ev, w->now_ms, &actions);
	for (unsigned i = 0; i < actions.n; i++)
		print_error("action %d of member %d\n", (int)actions.v[i].type, actions.v[i].member);
	fail_msg("rule broken in %s (active %d, target %d, overlap %d): event %d of member %d",
		 machine_state_name(w->m.state), w->m.active, w->m.target, w->m.overlap, (int)ev->type,
		 ev->member);
	abort();
}

static void explore(const struct machine_policy *policy, int members, unsigned limit)
{
	struct search s = { .seen = calloc(TABLE_SIZE, sizeof *s.seen),
			    .queue = malloc(STATES_MAX * sizeof *s.queue) };
	struct world *first = calloc(1, sizeof *first), *next = calloc(1, sizeof *next);
	struct machine_event ev;
	unsigned ends = 0;

	assert_true(s.seen && s.queue && first && next);
	machine_init(&first->m, policy, members, 1);
	visit(&s, first);
	for (; s.at < s.n && s.n < limit; s.at++) {
		for (unsigned n = 0; possible(&s.queue[s.at], n, &ev, next); n++) {
			if (ev.type == EVENT_ADD && next->m.n_members > MEMBERS)
				continue;
			if (!step(next, &ev))
				tell_broken(&s.queue[s.at], &ev);
			ends += next->ended;
			visit(&s, next);
		}
	}
	assert_true(ends > 0);
	free(s.seen);
	free(s.queue);
	free(first);
	free(next);
}

static void no_rule_is_ever_broken(void **state)
{
	struct machine_policy ready = usual, cold = usual, restarts = usual;

	(void)state;
	ready.wants_ready = true;
	ready.ready_timeout_ms = 100;
	ready.max_failures = 1;
	cold.cold = true;
	cold.max_failures = 1;
	restarts.restarts = 1;
	restarts.max_failures = 2;
	restarts.failback_ms = 0;
	explore(&usual, 1, 20000);
	explore(&usual, 2, 60000);
	explore(&ready, 2, 60000);
	explore(&cold, 2, 60000);
	explore(&restarts, 3, 60000);
}

/* -- stories --------------------------------------------------------------------------------- */

static void happens(struct world *w, enum event_type type, int member)
{
	struct machine_event ev = { .type = type, .member = member, .cause = CAUSE_SIGNAL, .status = 137 };

	if (type == EVENT_BUILT)
		w->member[member].exists = true;
	if (type == EVENT_EMPTY)
		w->member[member].runs = false;
	assert_true(step(w, &ev));
}

static void start(struct world *w, const struct machine_policy *p, int members)
{
	memset(w, 0, sizeof *w);
	machine_init(&w->m, p, members, 1);
	happens(w, EVENT_START, 0);
	happens(w, EVENT_BUILT, 0);
	happens(w, EVENT_RELEASED, 0);
	for (int i = 1; i < members; i++)
		happens(w, EVENT_BUILT, i);
}

static void the_standby_takes_over(void **state)
{
	struct world w;

	(void)state;
	start(&w, &usual, 2);
	assert_int_equal(w.m.state, SERVICE_ACTIVE);
	happens(&w, EVENT_EXITED, 0);
	assert_int_equal(w.m.state, SERVICE_FENCING);
	assert_false(w.member[1].runs);
	happens(&w, EVENT_EMPTY, 0);
	assert_true(w.member[1].runs);
	assert_int_equal(w.m.state, SERVICE_PROMOTING);
	happens(&w, EVENT_RELEASED, 1);
	assert_int_equal(w.m.state, SERVICE_DEGRADED);
	assert_int_equal(w.m.members[0].state, MEMBER_QUARANTINED);
	assert_true(step(&w, &(struct machine_event){ .type = EVENT_TIMER, .timer = TIMER_BACKOFF }));
	happens(&w, EVENT_BUILT, 0);
	assert_int_equal(w.m.state, SERVICE_ACTIVE);
	assert_int_equal(w.m.active, 1);
}

static void nobody_is_promoted_while_the_fence_is_open(void **state)
{
	struct world w;
	struct machine_event timer = { .type = EVENT_TIMER, .timer = TIMER_FENCE, .member = 0 };

	(void)state;
	start(&w, &usual, 2);
	happens(&w, EVENT_EXITED, 0);
	for (int i = 0; i < 100; i++)
		assert_true(step(&w, &timer));
	assert_int_equal(w.m.state, SERVICE_FENCING);
	assert_int_equal(w.m.members[1].state, MEMBER_WARM);
	happens(&w, EVENT_EMPTY, 0);
	assert_true(w.member[1].runs);
}

static void a_crash_loop_ends_with_the_budget(void **state)
{
	struct world w;
	int starts = 1;

	(void)state;
	start(&w, &usual, 1);
	while (!w.ended && starts < 100) {
		happens(&w, EVENT_EXITED, 0);
		happens(&w, EVENT_EMPTY, 0);
		if (w.ended)
			break;
		happens(&w, EVENT_BUILT, 0);
		happens(&w, EVENT_RELEASED, 0);
		starts++;
	}
	assert_int_equal(w.m.state, SERVICE_EXHAUSTED);
	assert_int_equal(starts, 4); /* the first, and one for each failure that is borne */
	assert_int_equal(w.m.last_status, 137);
}

static void old_failures_are_forgotten(void **state)
{
	struct world w;

	(void)state;
	start(&w, &usual, 1);
	for (int i = 0; i < 100; i++) {
		w.now_ms += usual.window_ms / 3 + 1;
		happens(&w, EVENT_EXITED, 0);
		happens(&w, EVENT_EMPTY, 0);
		happens(&w, EVENT_BUILT, 0);
		happens(&w, EVENT_RELEASED, 0);
	}
	assert_int_equal(w.m.state, SERVICE_ACTIVE);
}

static void an_overlapping_switch_stops_the_old_one_when_the_new_one_is_ready(void **state)
{
	struct machine_policy p = usual;
	struct world w;

	(void)state;
	p.wants_ready = true;
	p.ready_timeout_ms = 100;
	memset(&w, 0, sizeof w);
	machine_init(&w.m, &p, 2, 1);
	happens(&w, EVENT_START, 0);
	happens(&w, EVENT_BUILT, 0);
	happens(&w, EVENT_RELEASED, 0);
	assert_int_equal(w.m.state, SERVICE_STARTING);
	happens(&w, EVENT_READY, 0);
	happens(&w, EVENT_BUILT, 1);
	assert_true(step(&w, &(struct machine_event){ .type = EVENT_SWITCH, .member = -1, .overlap = true,
						      .cause = CAUSE_MANUAL }));
	happens(&w, EVENT_RELEASED, 1);
	assert_int_equal(w.m.members[0].state, MEMBER_RUNNING);
	happens(&w, EVENT_READY, 1);
	assert_int_equal(w.m.members[0].state, MEMBER_TERMINATING);
	assert_int_equal(w.m.active, 1);
	happens(&w, EVENT_EXITED, 0);
	happens(&w, EVENT_EMPTY, 0);
	assert_int_equal(w.m.members[0].state, MEMBER_BUILDING); /* no quarantine: it has not failed */
}

static void a_clean_end_is_the_end(void **state)
{
	struct world w;
	struct machine_event ev = { .type = EVENT_EXITED, .clean = true, .cause = CAUSE_EXIT };

	(void)state;
	start(&w, &usual, 2);
	assert_true(step(&w, &ev));
	happens(&w, EVENT_EMPTY, 0);
	happens(&w, EVENT_EMPTY, 1);
	assert_true(w.ended);
	assert_int_equal(w.m.state, SERVICE_COMPLETED);
}

static void budgets_count_in_a_window(void **state)
{
	struct budget b;

	(void)state;
	budget_init(&b, 2, 1000);
	assert_true(budget_spend(&b, 0));
	assert_true(budget_spend(&b, 500));
	assert_int_equal(budget_used(&b, 999), 2);
	assert_false(budget_spend(&b, 999));
	assert_int_equal(budget_used(&b, 1000), 2);
	assert_int_equal(budget_used(&b, 5000), 0);
	assert_true(budget_spend(&b, 5000));
	for (int i = 0; i < 10 * BUDGET_MAX; i++)
		budget_spend(&b, 5000);
	assert_false(budget_spend(&b, 5000));
	budget_init(&b, 0, 1000);
	assert_false(budget_spend(&b, 0));
}

static void everything_has_a_name(void **state)
{
	(void)state;
	for (int i = 0; i < SERVICE_STATES; i++)
		assert_non_null(machine_state_name((enum machine_state)i));
	for (int i = 0; i < MEMBER_STATES; i++)
		assert_non_null(machine_member_state_name((enum member_state)i));
	for (int i = 0; i < CAUSES; i++)
		assert_non_null(machine_cause_name((enum machine_cause)i));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_rule_is_ever_broken),
		cmocka_unit_test(the_standby_takes_over),
		cmocka_unit_test(nobody_is_promoted_while_the_fence_is_open),
		cmocka_unit_test(a_crash_loop_ends_with_the_budget),
		cmocka_unit_test(old_failures_are_forgotten),
		cmocka_unit_test(an_overlapping_switch_stops_the_old_one_when_the_new_one_is_ready),
		cmocka_unit_test(a_clean_end_is_the_end),
		cmocka_unit_test(budgets_count_in_a_window),
		cmocka_unit_test(everything_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

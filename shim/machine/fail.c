/* SPDX-License-Identifier: Apache-2.0 */
/* machine/fail: what a failure means: who owes what, whether the service fails over, is restarted in place, takes an
 * upgrade back or gives up. */
#include "machine/parts.h"

/* The cgroup of one that could not be built is gone already. */
static void put_away(struct step *s, int i)
{
	if (s->m->members[i].state == MEMBER_ABSENT)
		step_rest(s, i);
	else
		step_kill(s, i);
}

/* The incumbent serves on: the new one had not got as far as that. */
static void give_up_switch(struct step *s, int i, enum machine_cause cause, int status)
{
	struct machine *m = s->m;

	m->target = -1;
	m->overlap = false;
	if (i == m->upgraded) {
		m->members[i].retired = true;
		m->upgraded = m->replaced = -1;
	}
	step_transition(s, SERVICE_ACTIVE, i, cause, status);
	put_away(s, i);
}

/* The old one failed in an overlap: its successor runs already and is let go on. */
static void lose_incumbent(struct step *s, int i, enum machine_cause cause, int status)
{
	struct machine *m = s->m;

	m->active = m->target;
	m->overlap = false;
	step_kill(s, i);
	step_transition(s, SERVICE_PROMOTING, i, cause, status);
}

/* An upgrade that this failure is of, or that it interrupts. */
static void judge_upgrade(struct step *s, int failed)
{
	struct machine *m = s->m;

	if (m->upgraded < 0)
		return;
	if (failed == m->upgraded) {
		m->members[failed].retired = true;
		m->cause = CAUSE_ROLLBACK;
		m->upgraded = -1;
		if (m->replaced >= 0 && step_can_return_to(s, m->replaced))
			m->target = m->replaced;
	} else if (m->members[m->upgraded].state != MEMBER_WARM && step_is_anyone_built(s)) {
		step_retire(s, m->upgraded);
		m->upgraded = m->replaced = -1;
	} else {
		m->target = m->upgraded;
	}
}

/* Nobody serves: what an earlier switch left has had its time. */
static void kill_leftovers(struct step *s)
{
	struct machine *m = s->m;

	for (int i = 0; i < m->n_members; i++)
		if (m->members[i].state == MEMBER_TERMINATING || m->members[i].state == MEMBER_DRAINING)
			step_kill(s, i);
}

static bool gives_up(struct step *s, int i, enum machine_cause cause, int status)
{
	if (!s->m->last_chance || step_has_chance(s))
		return false;
	step_transition(s, SERVICE_STOPPING, i, cause, status);
	step_finish(s, SERVICE_EXHAUSTED, CAUSE_BUDGET);
	return true;
}

/* At the first, and whenever it are twice as many. */
static void say_loop(struct step *s, int i)
{
	unsigned n = ++s->m->failures_in_a_row;

	if (n >= MACHINE_LOOP && n % MACHINE_LOOP == 0 && !(n / MACHINE_LOOP & (n / MACHINE_LOOP - 1)))
		step_transition(s, s->m->state, i, CAUSE_LOOP, 0);
}

static void fail_over(struct step *s, int i, enum machine_cause cause, int status)
{
	struct machine *m = s->m;

	m->cause = cause;
	m->target = -1;
	m->overlap = false;
	m->members[i].failed = true;
	m->last_chance = !budget_spend(&m->budget, s->now_ms);
	judge_upgrade(s, i);
	if (gives_up(s, i, cause, status))
		return;
	if (!m->last_chance && m->target < 0 && step_restarts_in_place(s, i)) {
		m->members[i].restarts++;
		m->target = i;
	}
	put_away(s, i);
	kill_leftovers(s);
	step_transition(s, SERVICE_FENCING, i, cause, status);
	say_loop(s, i);
}

/* Another one will be found once the old one is gone. */
static void lose_target(struct step *s, int i, enum machine_cause cause, int status)
{
	s->m->target = -1;
	judge_upgrade(s, i);
	if (!gives_up(s, i, cause, status))
		put_away(s, i);
}

/* What it owes before its next start, or, of one that was not let go, its next build: those that fail one after
 * another double their intervals together. */
static void note_failure(struct step *s, int i)
{
	struct machine *m = s->m;
	struct machine_member *mm = &m->members[i];
	struct pace_limits l = { m->policy->backoff_min_ms, m->policy->backoff_max_ms, 0, &m->random };

	if (!mm->ran && !mm->heated) {
		pace_fail(&mm->builds, &l, s->now_ms);
		return;
	}
	for (int k = 0; k < m->n_members; k++) {
		const struct pace *p = &m->members[k].starts;
		if (k != i && machine_is_of_use(&m->members[k]) && pace_owes(p, s->now_ms) && p->interval_ms > l.floor_ms)
			l.floor_ms = p->interval_ms;
	}
	pace_fail(&mm->starts, &l, s->now_ms);
	if (!mm->ran)
		return; /* as a standby: it has not had its chance to serve */
	mm->failed = true;
	m->flaps |= i == m->primary && m->failed_back;
}

void step_fail(struct step *s, int i, enum machine_cause cause, int status)
{
	struct machine *m = s->m;
	bool counts = i == m->target || (i == m->active && m->members[i].ran);

	note_failure(s, i);
	if (m->state == SERVICE_STOPPING || !counts) {
		put_away(s, i);
	} else if (m->state == SERVICE_STARTING && !m->members[i].ran) {
		step_transition(s, SERVICE_STOPPING, i, cause, status);
		step_finish(s, SERVICE_EXHAUSTED, cause); /* there never was a service */
	} else if (i == m->target && machine_has_incumbent(m)) {
		give_up_switch(s, i, cause, status);
	} else if (i == m->target && m->state == SERVICE_FENCING) {
		lose_target(s, i, cause, status);
	} else if (m->overlap && m->target >= 0 && m->members[m->target].state == MEMBER_RELEASED) {
		lose_incumbent(s, i, cause, status);
	} else {
		fail_over(s, i, cause, status);
	}
}

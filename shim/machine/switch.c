/* SPDX-License-Identifier: Apache-2.0 */
/*
 * machine/switch: who serves, who is next, and the ends. Handlers (machine.c) say what happened to a
 * member; step_advance() then looks at the service as a whole and asks for what is due. Nothing is
 * remembered to be done later: what waits is seen again at the next event.
 */
#include <stddef.h>

#include "machine/parts.h"

static void stop_waiting(struct step *s)
{
	for (int i = 0; i < s->m->n_members; i++)
		step_stop_timer(s, TIMER_START, i);
}

/* The next one cannot be started beside one that runs. */
static void end_draining(struct step *s)
{
	for (int i = 0; i < s->m->n_members; i++)
		if (s->m->members[i].state == MEMBER_DRAINING)
			step_terminate(s, i, 0);
}

void step_transition(struct step *s, enum machine_state to, int member, enum machine_cause cause,
		     int status)
{
	struct machine *m = s->m;

	step_put(s, (struct machine_action){ .type = MACHINE_TRANSITION, .member = member,
					     .from = m->state, .to = to, .cause = cause,
					     .status = status });
	m->state = to;
	if (!machine_is_steady(m))
		step_stop_timer(s, TIMER_FAILBACK, m->primary);
	if (to != SERVICE_PROMOTING)
		stop_waiting(s);
	if (to == SERVICE_PROMOTING || to == SERVICE_FENCING)
		end_draining(s);
}

static void settle_all(struct step *s)
{
	for (int i = 0; i < s->m->n_members; i++)
		step_settle(s, i);
}

/* -- promoting ------------------------------------------------------------------------------- */

/*
 * The invariant: whether one that ran may still be alive, beside the one that serves in an overlap.
 * (What an earlier overlap left is given its time to stop.)
 */
static bool others_may_run(const struct machine *m, int i)
{
	for (int k = 0; k < m->n_members; k++)
		if (k != i && m->members[k].ran &&
		    !(m->overlap && k == m->active && m->members[k].state == MEMBER_RUNNING))
			return true;
	return false;
}

static void hand_over(struct step *s)
{
	struct machine *m = s->m;

	/* Written down first: an end that was asked for is not the service's own; a shim that adopts it has to know. */
	step_transition(s, SERVICE_FENCING, m->active, m->cause, 0);
	step_terminate(s, m->active, 0);
}

/* Its program runs, or is let run. */
static void let_serve(struct step *s, int i)
{
	if (s->m->members[i].state == MEMBER_WARM)
		step_release(s, i);
	else
		step_promote(s, i);
}

static void promote_built(struct step *s, int i)
{
	struct machine *m = s->m;

	if (machine_has_incumbent(m) && !m->overlap) {
		hand_over(s);
	} else if (!others_may_run(m, i)) {
		if (!m->overlap)
			m->active = i;
		let_serve(s, i);
	}
}

/*
 * One that is built while nobody serves is left for any that is warm sooner; but for the one that a rollback leads
 * to, or that people have named.
 */
static bool can_be_sooner(const struct step *s)
{
	const struct machine *m = s->m;

	return m->members[m->target].state == MEMBER_BUILDING && m->target != m->active &&
	       m->target != m->upgraded && m->target != m->replaced && m->cause != CAUSE_MANUAL &&
	       !machine_has_incumbent(m) && step_is_anyone_built(s);
}

static bool is_to_heat_first(const struct step *s, int i)
{
	const struct machine *m = s->m;
	const struct machine_member *mm = &m->members[i];

	if (!machine_has_incumbent(m) || m->overlap)
		return false;
	return mm->state == MEMBER_HEATING ||
	       (mm->state == MEMBER_WARM && machine_is_hot(mm) && m->cause != CAUSE_UPGRADE);
}

static void switch_promote(struct step *s, int i)
{
	enum member_state state = s->m->members[i].state;

	/* While another one serves, a hot one is started first, and waited for. */
	if (is_to_heat_first(s, i)) {
		if (state == MEMBER_WARM)
			step_heat(s, i);
		return;
	}
	if (state == MEMBER_WARM || state == MEMBER_HEATING || state == MEMBER_HOT)
		promote_built(s, i);
	else if (state == MEMBER_ABSENT || state == MEMBER_QUARANTINED)
		step_build(s, i);
}

static void advance_starting(struct step *s)
{
	if (s->m->target >= 0)
		switch_promote(s, s->m->target);
}

static void build_absent(struct step *s)
{
	for (int i = 0; i < s->m->n_members; i++)
		if (s->m->members[i].state == MEMBER_ABSENT && s->m->members[i].mode != MODE_COLD)
			step_build(s, i);
}

/* Standbys whose programs are to run; those that failed not before their time. */
static void heat_standbys(struct step *s)
{
	for (int i = 0; i < s->m->n_members; i++) {
		struct machine_member *mm = &s->m->members[i];
		if (mm->state != MEMBER_WARM || !machine_is_hot(mm))
			continue;
		if (!pace_owes(&mm->starts, s->now_ms))
			step_heat(s, i);
		else if (!(mm->armed & 1U << TIMER_START))
			step_set_timer(s, TIMER_START, i, mm->starts.until_ms - s->now_ms);
	}
}

/* Nobody may be started yet. They are built meanwhile, so that it is one message then. */
static void switch_wait_for_next(struct step *s)
{
	int next = step_next_due(s);

	for (int i = 0; i < s->m->n_members; i++)
		if (i != next)
			step_stop_timer(s, TIMER_START, i);
	build_absent(s);
	if (next >= 0 && !(s->m->members[next].armed & 1U << TIMER_START))
		step_set_timer(s, TIMER_START, next, s->m->members[next].starts.until_ms - s->now_ms);
}

/* After the takeover itself. */
static void prepare_others(struct step *s)
{
	struct machine *m = s->m;

	settle_all(s);
	if (m->target < 0)
		switch_wait_for_next(s);
	else if (m->members[m->target].state == MEMBER_RELEASED)
		build_absent(s);
}

static void advance_promoting(struct step *s)
{
	struct machine *m = s->m;

	if (m->target < 0 || can_be_sooner(s))
		m->target = step_choose(s);
	if (m->target >= 0) {
		stop_waiting(s);
		switch_promote(s, m->target);
	}
	if (m->state == SERVICE_PROMOTING)
		prepare_others(s);
}

/* The takeover: the next one first; to write it down and to undo the last one can wait. */
static void advance_fencing(struct step *s)
{
	struct machine *m = s->m;

	for (int i = 0; i < m->n_members; i++)
		if (m->members[i].ran)
			return;
	if (m->target < 0)
		m->target = step_choose(s);
	if (m->target >= 0)
		switch_promote(s, m->target);
	step_transition(s, SERVICE_PROMOTING, m->target, m->cause, 0);
	prepare_others(s);
}

static bool can_switch_to(const struct machine *m, int to)
{
	if (to < 0 || to >= m->n_members || !machine_is_of_use(&m->members[to]))
		return false;
	enum member_state state = m->members[to].state;
	return state != MEMBER_RUNNING && state != MEMBER_DRAINING && state != MEMBER_TERMINATING && state != MEMBER_FENCING;
}

/* By hand: what it owes is not waited for. */
void step_switch(struct step *s, int to, bool overlap, enum machine_cause cause)
{
	struct machine *m = s->m;
	bool serves = machine_is_steady(m), was_last_chance = m->last_chance;

	/* People may name, or mean, one that has failed. */
	m->last_chance = false;
	if (to < 0)
		to = step_choose_by_hand(s);
	if (!can_switch_to(m, to)) {
		m->last_chance = was_last_chance;
		return;
	}
	if (cause != CAUSE_UPGRADE)
		m->upgraded = m->replaced = -1; /* a switch by hand has decided */
	pace_pay(&m->members[to].starts);
	m->cause = cause;
	m->target = to;
	m->overlap = overlap && serves;
	if (serves && machine_stands_by(&m->members[to]) && !overlap)
		hand_over(s);
	else
		step_transition(s, SERVICE_PROMOTING, to, cause, 0);
}

/*
 * The active one has been well for long enough: members that failed before may be started, and built, at once. With the budget
 * spent, it has had its chance all the same, or two that always fail a while later would take turns for ever.
 */
void step_void_debts(struct step *s)
{
	struct machine *m = s->m;

	m->failures_in_a_row = 0;
	for (int i = 0; i < m->n_members; i++) {
		struct machine_member *mm = &m->members[i];
		pace_void(&mm->starts);
		pace_void(&mm->builds);
		mm->failed &= m->last_chance;
		if (mm->state == MEMBER_QUARANTINED) {
			step_stop_timer(s, TIMER_BACKOFF, i);
			mm->state = MEMBER_ABSENT;
		}
	}
}

/* -- steady ---------------------------------------------------------------------------------- */

/* Not to one that has failed since the last time, and has not been stable after it. */
static void advance_failback(struct step *s)
{
	struct machine *m = s->m;
	struct machine_member *primary = &m->members[m->primary];
	long long owed_ms = primary->starts.until_ms - s->now_ms, ms = m->policy->failback_ms;

	if (ms < 0 || m->flaps || m->upgraded >= 0 || m->active == m->primary ||
	    !machine_stands_by(primary))
		step_stop_timer(s, TIMER_FAILBACK, m->primary);
	else if (!(primary->armed & 1U << TIMER_FAILBACK))
		step_set_timer(s, TIMER_FAILBACK, m->primary, ms > owed_ms ? ms : owed_ms);
}

/* Those that are cold are not missed. */
static bool is_degraded(const struct machine *m)
{
	bool is_missed = false;

	for (int i = 0; i < m->n_members; i++) {
		const struct machine_member *mm = &m->members[i];
		if (machine_stands_by(mm))
			return false;
		is_missed |= i != m->active && machine_is_of_use(mm) && mm->mode != MODE_COLD;
	}
	return is_missed;
}

/* ACTIVE or DEGRADED, as the standbys are now. */
static void advance_steady(struct step *s)
{
	struct machine *m = s->m;
	enum machine_state to = SERVICE_ACTIVE;

	settle_all(s);
	if (is_degraded(m))
		to = SERVICE_DEGRADED;
	if (to != m->state)
		step_transition(s, to, s->ev->member, s->cause, 0);
	build_absent(s);
	heat_standbys(s);
	advance_failback(s);
}

/* -- ends ------------------------------------------------------------------------------------ */

static void advance_stopping(struct step *s)
{
	struct machine *m = s->m;
	bool is_over = true;

	settle_all(s);
	for (int i = 0; i < m->n_members; i++) {
		struct machine_member *mm = &m->members[i];
		if (mm->state == MEMBER_QUARANTINED) {
			step_stop_timer(s, TIMER_BACKOFF, i);
			mm->state = MEMBER_ABSENT;
		}
		is_over = is_over && (mm->state == MEMBER_ABSENT || mm->state == MEMBER_GONE);
	}
	if (!is_over)
		return;
	if (m->end == SERVICE_EXHAUSTED && !m->last_status)
		m->last_status = 1;
	step_transition(s, m->end, m->active, m->end_cause, m->last_status);
	step_emit(s, MACHINE_END, -1, m->last_status);
}

/* What is left is killed at once: the application has had its end. */
void step_finish(struct step *s, enum machine_state end, enum machine_cause cause)
{
	struct machine *m = s->m;

	m->end = end;
	m->end_cause = cause;
	m->target = -1;
	for (int i = 0; i < m->n_members; i++) {
		enum member_state state = m->members[i].state;
		if (state != MEMBER_ABSENT && state != MEMBER_QUARANTINED && state != MEMBER_GONE)
			step_kill(s, i);
	}
}

/* An adopted service may have had its end before, and not come to the end of it. */
static enum machine_state end_by(enum machine_cause cause)
{
	return cause == CAUSE_CLEAN_EXIT ? SERVICE_COMPLETED :
	       cause == CAUSE_BUDGET	 ? SERVICE_EXHAUSTED :
					   SERVICE_STOPPED;
}

void step_stop(struct step *s, enum machine_cause cause, int sig)
{
	struct machine *m = s->m;

	if (m->state != SERVICE_STOPPING) {
		m->end = end_by(cause);
		m->end_cause = cause;
		m->target = -1;
		step_transition(s, SERVICE_STOPPING, m->active, cause, 0);
	}
	for (int i = 0; i < m->n_members; i++) {
		const struct machine_member *mm = &m->members[i];
		bool is_frozen = mm->state == MEMBER_HOT && mm->mode == MODE_FROZEN;
		if (mm->state == MEMBER_WARM || mm->state == MEMBER_BUILDING || is_frozen)
			step_kill(s, i);
		else if (machine_is_waiting_member(mm) || mm->state == MEMBER_RELEASED ||
			 mm->state == MEMBER_RUNNING || mm->state == MEMBER_DRAINING || mm->state == MEMBER_TERMINATING)
			step_terminate(s, i, sig);
	}
}

void step_advance(struct step *s)
{
	static void (*const advance[SERVICE_STATES])(struct step *s) = {
		[SERVICE_STARTING] = advance_starting,	[SERVICE_ACTIVE] = advance_steady,
		[SERVICE_DEGRADED] = advance_steady,	[SERVICE_FENCING] = advance_fencing,
		[SERVICE_PROMOTING] = advance_promoting, [SERVICE_STOPPING] = advance_stopping,
	};

	if (advance[s->m->state])
		advance[s->m->state](s);
}

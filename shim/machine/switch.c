/*
 * machine/switch: who serves, who is next, and the ends. Handlers (machine.c) say what happened to a
 * member; step_advance() then looks at the service as a whole and asks for what is due. Nothing is
 * remembered to be done later: what waits is seen again at the next event.
 */
#include <stddef.h>

#include "machine/parts.h"

void step_transition(struct step *s, enum machine_state to, int member, enum machine_cause cause,
		     int status)
{
	struct machine *m = s->m;

	step_put(s, (struct machine_action){ .type = MACHINE_TRANSITION, .member = member,
					     .from = m->state, .to = to, .cause = cause,
					     .status = status });
	m->state = to;
	if (!machine_may_switch(m))
		step_stop_timer(s, TIMER_FAILBACK, m->primary);
}

static bool is_of_use(const struct machine_member *mm)
{
	return mm->state != MEMBER_GONE && !mm->retired;
}

static int count_of_use(const struct machine *m)
{
	int n = 0;

	for (int i = 0; i < m->n_members; i++)
		n += is_of_use(&m->members[i]);
	return n;
}

static bool can_be_next(const struct machine *m, int i, enum member_state state)
{
	const struct machine_member *mm = &m->members[i];

	return mm->state == state && is_of_use(mm) && !mm->failed;
}

/* The first in the order of the list; after an upgrade that failed, the one it replaced. */
static int first_in(const struct machine *m, enum member_state state)
{
	if (m->replaced >= 0 && can_be_next(m, m->replaced, state))
		return m->replaced;
	for (int i = 0; i < m->n_members; i++)
		if (can_be_next(m, i, state))
			return i;
	return -1;
}

/* -1: all are in quarantine, or on their way there: the first that comes out of it will do. */
static int choose(const struct machine *m)
{
	static const enum member_state order[] = { MEMBER_WARM, MEMBER_BUILDING, MEMBER_ABSENT };
	int i = -1;

	for (size_t k = 0; i < 0 && k < sizeof order / sizeof *order; k++)
		i = first_in(m, order[k]);
	return i;
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

	/* Written down first: an end that was asked for is not the service's own, for who adopts it either. */
	step_transition(s, SERVICE_FENCING, m->active, m->cause, 0);
	step_terminate(s, m->active, 0);
}

static void promote_warm(struct step *s, int i)
{
	struct machine *m = s->m;

	if (machine_has_incumbent(m) && !m->overlap) {
		hand_over(s);
	} else if (!others_may_run(m, i)) {
		if (!m->overlap)
			m->active = i;
		step_release(s, i);
	}
}

/* One that is built while nobody serves is left for any that is warm sooner. */
static bool can_be_sooner(const struct machine *m)
{
	return m->members[m->target].state == MEMBER_BUILDING && m->target != m->active &&
	       m->target != m->upgraded && !machine_has_incumbent(m) &&
	       first_in(m, MEMBER_WARM) >= 0;
}

static void promote(struct step *s, int i)
{
	enum member_state state = s->m->members[i].state;

	if (state == MEMBER_WARM)
		promote_warm(s, i);
	else if (state == MEMBER_ABSENT || state == MEMBER_QUARANTINED)
		step_build(s, i);
}

static void advance_starting(struct step *s)
{
	if (s->m->target >= 0)
		promote(s, s->m->target);
}

static void advance_promoting(struct step *s)
{
	struct machine *m = s->m;

	if (m->target < 0 || can_be_sooner(m))
		m->target = choose(m);
	if (m->target >= 0)
		promote(s, m->target);
	if (m->state == SERVICE_PROMOTING)
		settle_all(s);
}

/* The takeover: the next one first; to write it down and to undo the last one can wait. */
static void advance_fencing(struct step *s)
{
	struct machine *m = s->m;

	for (int i = 0; i < m->n_members; i++)
		if (m->members[i].ran)
			return;
	if (m->target < 0)
		m->target = choose(m);
	if (m->target >= 0)
		promote(s, m->target);
	step_transition(s, SERVICE_PROMOTING, m->target, m->cause, 0);
	settle_all(s);
}

void step_switch(struct step *s, int to, bool overlap, enum machine_cause cause)
{
	struct machine *m = s->m;

	if (to < 0)
		to = choose(m);
	if (to < 0 || to >= m->n_members || to == m->active || !is_of_use(&m->members[to]))
		return;
	enum member_state state = m->members[to].state;
	if (state == MEMBER_TERMINATING || state == MEMBER_FENCING)
		return;
	if (cause != CAUSE_UPGRADE)
		m->upgraded = m->replaced = -1; /* whoever moves on has decided */
	m->cause = cause;
	m->target = to;
	m->overlap = overlap;
	if (state == MEMBER_WARM && !overlap)
		hand_over(s);
	else
		step_transition(s, SERVICE_PROMOTING, to, cause, 0);
}

/* -- steady ---------------------------------------------------------------------------------- */

static void advance_failback(struct step *s)
{
	struct machine *m = s->m;
	struct machine_member *primary = &m->members[m->primary];

	if (m->policy->failback_ms < 0 || m->upgraded >= 0 || m->active == m->primary ||
	    primary->state != MEMBER_WARM)
		step_stop_timer(s, TIMER_FAILBACK, m->primary);
	else if (!(primary->armed & 1U << TIMER_FAILBACK))
		step_set_timer(s, TIMER_FAILBACK, m->primary, m->policy->failback_ms);
}

/* ACTIVE or DEGRADED, as the standbys are now. */
static void advance_steady(struct step *s)
{
	struct machine *m = s->m;
	enum machine_state to = SERVICE_ACTIVE;

	settle_all(s);
	if (!m->policy->cold && count_of_use(m) > 1 && first_in(m, MEMBER_WARM) < 0)
		to = SERVICE_DEGRADED;
	if (to != m->state)
		step_transition(s, to, s->ev->member, s->cause, 0);
	for (int i = 0; i < m->n_members && !m->policy->cold; i++)
		if (m->members[i].state == MEMBER_ABSENT)
			step_build(s, i);
	advance_failback(s);
}

/* -- failures -------------------------------------------------------------------------------- */

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

static bool restarts_in_place(const struct machine *m, int i)
{
	const struct machine_member *mm = &m->members[i];

	return is_of_use(mm) && (count_of_use(m) == 1 || mm->restarts < m->policy->restarts);
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
	} else if (m->members[m->upgraded].state != MEMBER_WARM && first_in(m, MEMBER_WARM) >= 0) {
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
		if (m->members[i].state == MEMBER_TERMINATING)
			step_kill(s, i);
}

static void fail_over(struct step *s, int i, enum machine_cause cause, int status)
{
	struct machine *m = s->m;

	m->cause = cause;
	m->target = -1;
	m->overlap = false;
	if (!budget_spend(&m->budget, s->now_ms)) {
		step_transition(s, SERVICE_STOPPING, i, cause, status);
		step_finish(s, SERVICE_EXHAUSTED, CAUSE_BUDGET);
		return;
	}
	judge_upgrade(s, i);
	if (m->target < 0 && restarts_in_place(m, i)) {
		if (m->members[i].restarts < m->policy->restarts)
			m->members[i].restarts++;
		m->target = i;
	}
	put_away(s, i);
	kill_leftovers(s);
	step_transition(s, SERVICE_FENCING, i, cause, status);
}

void step_fail(struct step *s, int i, enum machine_cause cause, int status)
{
	struct machine *m = s->m;

	m->members[i].failed = true;
	if (m->state == SERVICE_STOPPING || (i != m->active && i != m->target)) {
		put_away(s, i);
	} else if (m->state == SERVICE_STARTING && !m->members[i].ran) {
		step_transition(s, SERVICE_STOPPING, i, cause, status);
		step_finish(s, SERVICE_EXHAUSTED, cause); /* there never was a service */
	} else if (i == m->target && machine_has_incumbent(m)) {
		give_up_switch(s, i, cause, status);
	} else if (i == m->target && m->state == SERVICE_FENCING) {
		m->target = -1; /* another one will be found once the old one is gone */
		judge_upgrade(s, i);
		put_away(s, i);
	} else if (m->overlap && m->target >= 0 && m->members[m->target].state == MEMBER_RELEASED) {
		lose_incumbent(s, i, cause, status);
	} else {
		fail_over(s, i, cause, status);
	}
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
		enum member_state state = m->members[i].state;
		if (state == MEMBER_RELEASED || state == MEMBER_RUNNING ||
		    state == MEMBER_TERMINATING)
			step_terminate(s, i, sig);
		else if (state == MEMBER_WARM || state == MEMBER_BUILDING)
			step_kill(s, i);
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

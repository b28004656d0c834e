/* machine_switch: who serves next, and the ends. See machine_parts.h. */
#include <stddef.h>

#include "machine_parts.h"

static bool any_occupied(const struct machine *m)
{
	for (int i = 0; i < m->n_members; i++)
		if (member_is_occupied(&m->members[i]))
			return true;
	return false;
}

static int first_in(const struct machine *m, enum member_state state)
{
	for (int i = 0; i < m->n_members; i++)
		if (m->members[i].state == state && !m->members[i].dirty && i != m->active)
			return i;
	return -1;
}

bool machine_may_switch(const struct machine *m)
{
	for (int i = 0; i < m->n_members; i++)
		if (i != m->active && member_is_occupied(&m->members[i]))
			return false;
	return machine_is_steady(m);
}

/* -- steady ---------------------------------------------------------------------------------- */

static bool wants_standby(const struct machine *m)
{
	int usable = 0;

	for (int i = 0; i < m->n_members; i++)
		usable += m->members[i].state != MEMBER_GONE;
	return usable > 1 && !m->policy->cold;
}

/* ACTIVE or DEGRADED, as the standbys are now; says so when that is news. */
void step_steady(struct step *s, int member, enum machine_cause cause)
{
	struct machine *m = s->m;
	bool ready = first_in(m, MEMBER_WARM) >= 0;
	enum machine_state to = wants_standby(m) && !ready ? SERVICE_DEGRADED : SERVICE_ACTIVE;

	if (to != m->state)
		step_transition(s, to, member, cause, 0);
	for (int i = 0; i < m->n_members && !m->policy->cold; i++)
		if (i != m->active && m->members[i].state == MEMBER_ABSENT)
			step_build(s, i);
	if (m->policy->failback_ms >= 0 && m->active != 0 && m->members[0].state == MEMBER_WARM)
		step_set_timer(s, TIMER_FAILBACK, 0, m->policy->failback_ms);
}

/* -- promoting ------------------------------------------------------------------------------- */

void step_promote(struct step *s, int i)
{
	struct machine *m = s->m;

	m->target = i;
	/* First the takeover, then its record. */
	if (m->members[i].state == MEMBER_WARM)
		step_release(s, i);
	else if (m->members[i].state != MEMBER_BUILDING)
		step_build(s, i);
	step_transition(s, SERVICE_PROMOTING, i, m->cause, 0);
}

static bool restarts_in_place(const struct machine *m, int i)
{
	const struct machine_member *mm = &m->members[i];

	if (mm->retired || !mm->failed)
		return false;
	return m->n_members == 1 || mm->restarts < m->policy->restarts;
}

static int choose(struct machine *m)
{
	static const enum member_state order[] = { MEMBER_WARM, MEMBER_BUILDING, MEMBER_ABSENT };
	int i = m->active;

	if (m->target >= 0 && m->members[m->target].state != MEMBER_GONE)
		return m->target;
	if (m->replaced >= 0 && m->members[m->replaced].state == MEMBER_WARM)
		return m->replaced;
	if (i >= 0 && restarts_in_place(m, i)) {
		m->members[i].restarts++;
		return i;
	}
	for (size_t k = 0; k < sizeof order / sizeof *order; k++)
		if ((i = first_in(m, order[k])) >= 0)
			return i;
	return -1;
}

/* Fenced: nobody runs. The next one first; what is left of the last one can wait. */
void step_promote_next(struct step *s)
{
	struct machine *m = s->m;

	if (any_occupied(m))
		return;
	int next = choose(m);
	m->replaced = -1;
	m->overlap = false;
	if (next >= 0) {
		step_promote(s, next);
	} else {
		/* All are in quarantine, or go there now: the first that comes out of it serves. */
		m->target = -1;
		step_transition(s, SERVICE_PROMOTING, -1, m->cause, 0);
	}
	for (int i = 0; i < m->n_members; i++)
		step_settle(s, i);
}

void step_switch(struct step *s, int to, bool overlap, enum machine_cause cause)
{
	struct machine *m = s->m;

	for (size_t k = 0; to < 0 && k < 3; k++)
		to = first_in(m, (enum member_state[]){ MEMBER_WARM, MEMBER_BUILDING, MEMBER_ABSENT }[k]);
	if (!machine_may_switch(m) || to < 0 || to >= m->n_members || to == m->active ||
	    m->members[to].state == MEMBER_GONE || member_is_occupied(&m->members[to]))
		return;
	m->cause = cause;
	m->overlap = overlap;
	if (overlap) {
		step_promote(s, to);
		return;
	}
	m->target = to;
	step_transition(s, SERVICE_FENCING, m->active, cause, 0);
	step_terminate(s, m->active, 0);
}

/* -- failures -------------------------------------------------------------------------------- */

/* The old one serves on: the new one had not got as far as that. */
static void give_switch_up(struct step *s, int i, enum machine_cause cause)
{
	struct machine *m = s->m;

	m->target = -1;
	m->overlap = false;
	if (m->replaced >= 0)
		m->members[i].retired = true;
	m->replaced = -1;
	step_steady(s, i, cause);
}

static void fail_over(struct step *s, int i, enum machine_cause cause, int status)
{
	struct machine *m = s->m;

	m->cause = cause;
	if (m->replaced >= 0 && i == m->active) {
		m->members[i].retired = true;
		m->cause = CAUSE_ROLLBACK;
	}
	m->target = -1;
	if (!budget_spend(&m->budget, s->now_ms)) {
		step_finish(s, SERVICE_EXHAUSTED, cause, status);
		return;
	}
	step_transition(s, SERVICE_FENCING, i, cause, status);
	m->active = i;
	if (m->members[i].state == MEMBER_QUARANTINED || m->members[i].state == MEMBER_ABSENT)
		step_promote_next(s);
	else
		step_kill(s, i);
}

void step_fail(struct step *s, int i, enum machine_cause cause, int status)
{
	struct machine *m = s->m;
	bool old_serves = m->overlap && m->active >= 0 && i != m->active &&
			  m->members[m->active].state == MEMBER_RUNNING;

	m->members[i].failed = true;
	if (m->state == SERVICE_STOPPING) {
		step_kill(s, i);
	} else if (i == m->target && old_serves) {
		give_switch_up(s, i, cause);
		if (m->members[i].state != MEMBER_QUARANTINED) /* it could not even be built */
			step_kill(s, i);
	} else if (i == m->active && m->overlap && m->target >= 0 &&
		   m->members[m->target].state == MEMBER_RELEASED) {
		step_kill(s, i); /* its successor runs already: it is let go on */
	} else if (i == m->active || i == m->target) {
		fail_over(s, i, cause, status);
	} else {
		step_kill(s, i);
		if (machine_is_steady(m))
			step_steady(s, i, CAUSE_STANDBY);
	}
}

/* -- ends ------------------------------------------------------------------------------------ */

void step_check_over(struct step *s)
{
	struct machine *m = s->m;

	for (int i = 0; i < m->n_members; i++) {
		step_settle(s, i);
		if (m->members[i].state == MEMBER_QUARANTINED) {
			step_stop_timer(s, TIMER_BACKOFF, i);
			m->members[i].state = MEMBER_ABSENT;
		}
		if (m->members[i].state != MEMBER_ABSENT && m->members[i].state != MEMBER_GONE)
			return;
	}
	step_transition(s, m->end, m->active, m->end_cause, m->last_status);
	step_emit(s, MACHINE_END, -1, m->last_status);
}

/* Everything that is not the application's own end is killed at once. */
void step_finish(struct step *s, enum machine_state end, enum machine_cause cause, int status)
{
	struct machine *m = s->m;

	m->end = end;
	m->end_cause = end == SERVICE_EXHAUSTED ? CAUSE_BUDGET : cause;
	m->last_status = status;
	step_stop_timer(s, TIMER_FAILBACK, 0);
	step_transition(s, SERVICE_STOPPING, m->active, cause, status);
	for (int i = 0; i < m->n_members; i++) {
		enum member_state state = m->members[i].state;
		if (state != MEMBER_ABSENT && state != MEMBER_QUARANTINED && state != MEMBER_GONE)
			step_kill(s, i);
	}
	step_check_over(s);
}

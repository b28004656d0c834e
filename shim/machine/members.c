/* SPDX-License-Identifier: Apache-2.0 */
/* machine/members: see machine/parts.h. Each changes one member and asks for what that takes. */
#include "machine/parts.h"

#define SIGNAL_KILL 9

bool machine_is_over(const struct machine *m)
{
	return m->state == SERVICE_COMPLETED || m->state == SERVICE_EXHAUSTED ||
	       m->state == SERVICE_STOPPED;
}

bool machine_is_steady(const struct machine *m)
{
	return m->state == SERVICE_ACTIVE || m->state == SERVICE_DEGRADED;
}

bool machine_is_waiting(const struct machine *m)
{
	return m->state == SERVICE_PROMOTING && m->target < 0;
}

bool machine_may_switch(const struct machine *m)
{
	return machine_is_steady(m) || machine_is_waiting(m);
}

bool machine_stands_by(const struct machine_member *mm)
{
	return machine_is_of_use(mm) && mm->state == (machine_is_hot(mm) ? MEMBER_HOT : MEMBER_WARM);
}

bool machine_is_looping(const struct machine *m)
{
	return m->failures_in_a_row >= MACHINE_LOOP;
}

void machine_set_mode(struct machine *m, int member, enum machine_mode mode)
{
	m->members[member].mode = mode;
}

void machine_restore(struct machine *m, int member, enum member_state state)
{
	m->members[member].state = state;
	m->members[member].ran = state == MEMBER_RUNNING || state == MEMBER_TERMINATING;
	m->members[member].heated = state == MEMBER_HOT;
	if (state == MEMBER_RUNNING)
		m->active = member;
}

void machine_restore_failure(struct machine *m, long long at_ms)
{
	budget_spend(&m->budget, at_ms);
}

void machine_restore_past(struct machine *m, int member, const struct machine_member *past)
{
	struct machine_member *mm = &m->members[member];

	mm->starts.began_ms = past->starts.began_ms;
	mm->starts.interval_ms = past->starts.interval_ms;
	mm->restarts = past->restarts;
	mm->failed = past->failed;
}

void step_put(struct step *s, struct machine_action a)
{
	/* The unit tests show that there is always room. */
	if (s->out->n < MACHINE_ACTIONS_MAX)
		s->out->v[s->out->n++] = a;
}

void step_emit(struct step *s, enum action_type type, int member, long long arg)
{
	step_put(s, (struct machine_action){ .type = type, .member = member, .arg = arg });
}

static void emit_timer(struct step *s, enum action_type type, enum machine_timer timer, int member,
		       long long ms)
{
	step_put(s, (struct machine_action){ .type = type, .member = member, .arg = ms,
					     .timer = timer });
}

void step_set_timer(struct step *s, enum machine_timer timer, int member, long long ms)
{
	s->m->members[member].armed |= 1U << timer;
	emit_timer(s, MACHINE_SET_TIMER, timer, member, ms);
}

void step_stop_timer(struct step *s, enum machine_timer timer, int member)
{
	struct machine_member *mm = &s->m->members[member];

	if (!(mm->armed & 1U << timer))
		return;
	mm->armed &= ~(1U << timer);
	emit_timer(s, MACHINE_STOP_TIMER, timer, member, 0);
}

void step_build(struct step *s, int i)
{
	struct machine_member *mm = &s->m->members[i];

	step_settle(s, i);
	step_stop_timer(s, TIMER_BACKOFF, i);
	pace_begin(&mm->builds, s->now_ms);
	mm->heated = mm->is_ready = mm->is_promoting = false;
	mm->state = MEMBER_BUILDING;
	step_emit(s, MACHINE_BUILD, i, 0);
}

void step_release(struct step *s, int i)
{
	const struct machine_policy *p = s->m->policy;

	s->m->members[i].state = MEMBER_RELEASED;
	s->m->members[i].ran = true;
	pace_begin(&s->m->members[i].starts, s->now_ms);
	step_emit(s, MACHINE_RELEASE, i, 0);
	if ((p->wants_ready || (p->overlap_wants_ready && s->m->overlap)) && p->ready_timeout_ms)
		step_set_timer(s, TIMER_READY, i, p->ready_timeout_ms);
}

void step_heat(struct step *s, int i)
{
	const struct machine_policy *p = s->m->policy;
	struct machine_member *mm = &s->m->members[i];

	mm->state = MEMBER_HEATING;
	mm->heated = true;
	step_stop_timer(s, TIMER_START, i);
	pace_begin(&mm->starts, s->now_ms);
	step_emit(s, MACHINE_HEAT, i, 0);
	if (p->heat_wants_ready && p->ready_timeout_ms)
		step_set_timer(s, TIMER_READY, i, p->ready_timeout_ms);
}

void step_promote(struct step *s, int i)
{
	struct machine_member *mm = &s->m->members[i];

	/* Where nobody asked it as a standby, it is asked now. */
	mm->is_ready = mm->state == MEMBER_HOT && (s->m->policy->heat_wants_ready || !s->m->policy->wants_ready);
	mm->is_promoting = true;
	mm->state = MEMBER_RELEASED;
	mm->ran = true;
	step_emit(s, MACHINE_PROMOTE, i, 0);
	if (s->m->policy->ready_timeout_ms)
		step_set_timer(s, TIMER_READY, i, s->m->policy->ready_timeout_ms);
}

void step_stop_watch(struct step *s, int i)
{
	step_stop_timer(s, TIMER_READY, i);
	step_stop_timer(s, TIMER_START, i);
	step_stop_timer(s, TIMER_HEALTHY, i);
	step_stop_timer(s, TIMER_STABLE, i);
}

void step_terminate(struct step *s, int i, int sig)
{
	struct machine_member *mm = &s->m->members[i];

	if (sig == SIGNAL_KILL || !s->m->policy->stop_timeout_ms) {
		step_kill(s, i);
		return;
	}
	step_stop_watch(s, i);
	if (mm->state == MEMBER_DRAINING)
		step_stop_timer(s, TIMER_TERM, i);
	mm->state = MEMBER_TERMINATING;
	step_emit(s, MACHINE_TERM, i, sig);
	/* Who is asked again does not get more time. */
	if (!(mm->armed & 1U << TIMER_TERM))
		step_set_timer(s, TIMER_TERM, i, s->m->policy->stop_timeout_ms);
}

void step_drain(struct step *s, int i)
{
	if (!s->m->policy->drain_ms) {
		step_terminate(s, i, 0);
		return;
	}
	step_stop_watch(s, i);
	s->m->members[i].state = MEMBER_DRAINING;
	step_set_timer(s, TIMER_TERM, i, s->m->policy->drain_ms);
}

/* Also of one that never ran: it waits at its gate, or is being built. */
void step_kill(struct step *s, int i)
{
	struct machine_member *mm = &s->m->members[i];

	if (mm->state == MEMBER_FENCING)
		return;
	mm->state = MEMBER_FENCING;
	step_emit(s, MACHINE_KILL, i, 0);
	step_set_timer(s, TIMER_FENCE, i, s->m->policy->fence_timeout_ms);
	step_stop_timer(s, TIMER_TERM, i);
	step_stop_watch(s, i);
}

/* A retired one does not come back; one that could not be built waits, unless it is asked for now. */
void step_rest(struct step *s, int i)
{
	struct machine_member *mm = &s->m->members[i];

	mm->state = MEMBER_ABSENT;
	if (mm->retired) {
		mm->state = MEMBER_GONE;
	} else if (pace_owes(&mm->builds, s->now_ms) && s->m->state != SERVICE_STOPPING && i != s->m->target) {
		mm->state = MEMBER_QUARANTINED;
		step_set_timer(s, TIMER_BACKOFF, i, mm->builds.until_ms - s->now_ms);
	}
}

void step_settle(struct step *s, int i)
{
	struct machine_member *mm = &s->m->members[i];

	if (!mm->dirty)
		return;
	mm->dirty = false;
	step_stop_timer(s, TIMER_FENCE, i);
	step_emit(s, MACHINE_DISCARD, i, 0);
	step_rest(s, i);
}

/* One that runs, or is being fenced, is retired when it has become empty. */
void step_retire(struct step *s, int i)
{
	struct machine_member *mm = &s->m->members[i];

	mm->retired = true;
	if (machine_is_waiting_member(mm)) {
		step_kill(s, i);
	} else if (mm->state == MEMBER_QUARANTINED || (mm->state == MEMBER_ABSENT && !mm->dirty)) {
		step_stop_timer(s, TIMER_BACKOFF, i);
		step_stop_timer(s, TIMER_START, i);
		mm->state = MEMBER_GONE;
	}
}

/* machine_members: see machine_parts.h. */
#include "machine_parts.h"

void step_emit(struct step *s, enum action_type type, int member, long long arg)
{
	if (s->out->n == MACHINE_ACTIONS_MAX)
		return; /* the unit tests show that it never comes to that */
	s->out->v[s->out->n++] = (struct machine_action){ .type = type, .member = member, .arg = arg };
}

static void emit_timer(struct step *s, enum action_type type, enum machine_timer timer, int member,
		       long long ms)
{
	step_emit(s, type, member, ms);
	s->out->v[s->out->n - 1].timer = timer;
}

void step_set_timer(struct step *s, enum machine_timer timer, int member, long long ms)
{
	emit_timer(s, MACHINE_SET_TIMER, timer, member, ms);
}

void step_stop_timer(struct step *s, enum machine_timer timer, int member)
{
	emit_timer(s, MACHINE_STOP_TIMER, timer, member, 0);
}

void step_transition(struct step *s, enum machine_state to, int member, enum machine_cause cause,
		     int status)
{
	step_emit(s, MACHINE_TRANSITION, member, 0);
	struct machine_action *a = &s->out->v[s->out->n - 1];
	a->from = s->m->state;
	a->to = to;
	a->cause = cause;
	a->status = status;
	s->m->state = to;
}

bool member_is_occupied(const struct machine_member *mm)
{
	return mm->state == MEMBER_RELEASED || mm->state == MEMBER_RUNNING ||
	       mm->state == MEMBER_TERMINATING || mm->state == MEMBER_FENCING;
}

bool machine_is_steady(const struct machine *m)
{
	return m->state == SERVICE_ACTIVE || m->state == SERVICE_DEGRADED;
}

void step_build(struct step *s, int i)
{
	struct machine_member *mm = &s->m->members[i];

	if (mm->dirty)
		step_settle(s, i);
	step_stop_timer(s, TIMER_BACKOFF, i);
	mm->state = MEMBER_BUILDING;
	step_emit(s, MACHINE_BUILD, i, 0);
}

void step_release(struct step *s, int i)
{
	const struct machine_policy *p = s->m->policy;

	s->m->members[i].state = MEMBER_RELEASED;
	step_emit(s, MACHINE_RELEASE, i, 0);
	if (p->wants_ready && p->ready_timeout_ms)
		step_set_timer(s, TIMER_READY, i, p->ready_timeout_ms);
}

#define SIGNAL_KILL 9

void step_terminate(struct step *s, int i, int sig)
{
	if (sig == SIGNAL_KILL || !s->m->policy->stop_timeout_ms) {
		step_kill(s, i);
		return;
	}
	step_stop_timer(s, TIMER_READY, i);
	s->m->members[i].state = MEMBER_TERMINATING;
	step_emit(s, MACHINE_TERM, i, sig);
	step_set_timer(s, TIMER_TERM, i, s->m->policy->stop_timeout_ms);
}

/* Also of one that is not occupied: a warm one, or one that is being built. */
void step_kill(struct step *s, int i)
{
	struct machine_member *mm = &s->m->members[i];

	if (mm->state == MEMBER_FENCING)
		return;
	step_stop_timer(s, TIMER_READY, i);
	step_stop_timer(s, TIMER_TERM, i);
	step_stop_timer(s, TIMER_STABLE, i);
	mm->state = MEMBER_FENCING;
	step_set_timer(s, TIMER_FENCE, i, s->m->policy->fence_timeout_ms);
	step_emit(s, MACHINE_KILL, i, 0);
}

/* Between 80 and 120 per cent, so that many services that failed at once do not come back at once. */
static long long jitter(struct machine *m, long long ms)
{
	m->random ^= m->random << 13;
	m->random ^= m->random >> 17;
	m->random ^= m->random << 5;
	return ms * (80 + m->random % 41) / 100;
}

void step_quarantine(struct step *s, int i)
{
	const struct machine_policy *p = s->m->policy;
	struct machine_member *mm = &s->m->members[i];

	if (mm->backoff_ms < p->backoff_min_ms)
		mm->backoff_ms = p->backoff_min_ms;
	mm->state = MEMBER_QUARANTINED;
	mm->failed = false;
	step_set_timer(s, TIMER_BACKOFF, i, jitter(s->m, mm->backoff_ms));
	mm->backoff_ms = mm->backoff_ms * 2 < p->backoff_max_ms ? mm->backoff_ms * 2
								 : p->backoff_max_ms;
}

void step_settle(struct step *s, int i)
{
	struct machine_member *mm = &s->m->members[i];

	if (!mm->dirty)
		return;
	mm->dirty = false;
	step_emit(s, MACHINE_DISCARD, i, 0);
	mm->state = MEMBER_ABSENT;
	if (mm->retired)
		mm->state = MEMBER_GONE;
	else if (mm->failed && s->m->state != SERVICE_STOPPING && i != s->m->target)
		step_quarantine(s, i);
	mm->failed = false;
}

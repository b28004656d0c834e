/* machine: see machine.h. A handler for each event; each looks at the state of the member first: an event that
 * does not fit it is late and changes nothing. */
#include "machine.h"

#include "machine_parts.h"

void machine_init(struct machine *m, const struct machine_policy *policy, int n_members,
		  uint32_t seed)
{
	*m = (struct machine){
		.policy = policy,
		.n_members = n_members,
		.active = -1,
		.target = -1,
		.replaced = -1,
		.random = seed ? seed : 1,
	};
	budget_init(&m->budget, policy->max_failures, policy->window_ms);
}

bool machine_is_over(const struct machine *m)
{
	return m->state >= SERVICE_COMPLETED;
}

static void on_start(struct step *s, const struct machine_event *ev)
{
	if (s->m->state != SERVICE_STARTING || s->m->members[0].state != MEMBER_ABSENT)
		return;
	s->m->cause = ev->cause;
	s->m->target = 0;
	step_build(s, 0);
}

static void on_adopt(struct step *s, const struct machine_event *ev)
{
	struct machine *m = s->m;

	if (m->state != SERVICE_STARTING)
		return;
	m->active = ev->member;
	m->members[ev->member].state = MEMBER_RUNNING;
	step_emit(s, MACHINE_ACTIVATE, ev->member, 0);
	step_set_timer(s, TIMER_STABLE, ev->member, m->policy->window_ms);
	step_steady(s, ev->member, CAUSE_ADOPT);
}

static void on_built(struct step *s, const struct machine_event *ev)
{
	struct machine *m = s->m;

	if (m->members[ev->member].state != MEMBER_BUILDING)
		return;
	m->members[ev->member].state = MEMBER_WARM;
	if (ev->member == m->target && (m->state == SERVICE_STARTING || m->state == SERVICE_PROMOTING))
		step_release(s, ev->member);
	else if (machine_is_steady(m))
		step_steady(s, ev->member, CAUSE_STANDBY);
}

static void on_build_failed(struct step *s, const struct machine_event *ev)
{
	struct machine *m = s->m;
	int i = ev->member;

	if (m->members[i].state != MEMBER_BUILDING)
		return;
	m->members[i].state = MEMBER_ABSENT;
	if (m->state == SERVICE_STARTING) {
		step_finish(s, SERVICE_EXHAUSTED, CAUSE_BUILD, 1);
		return;
	}
	step_quarantine(s, i);
	if (i == m->target && m->state == SERVICE_PROMOTING)
		step_fail(s, i, CAUSE_BUILD, m->last_status ? m->last_status : 1);
	else if (machine_is_steady(m))
		step_steady(s, i, CAUSE_STANDBY);
	if (m->members[i].retired && m->members[i].state == MEMBER_QUARANTINED) {
		step_stop_timer(s, TIMER_BACKOFF, i);
		m->members[i].state = MEMBER_GONE;
	}
}

static void became_ready(struct step *s, int i)
{
	struct machine *m = s->m;
	int old = m->active;

	step_stop_timer(s, TIMER_READY, i);
	m->members[i].state = MEMBER_RUNNING;
	m->active = i;
	m->target = -1;
	step_emit(s, MACHINE_ACTIVATE, i, 0);
	step_set_timer(s, TIMER_STABLE, i, m->policy->window_ms);
	if (m->overlap && old >= 0 && m->members[old].state == MEMBER_RUNNING)
		step_terminate(s, old, 0);
	m->overlap = false;
	step_transition(s, SERVICE_ACTIVE, i, m->cause, 0);
	step_steady(s, i, CAUSE_STANDBY);
}

static void on_released(struct step *s, const struct machine_event *ev)
{
	if (s->m->members[ev->member].state == MEMBER_RELEASED && !s->m->policy->wants_ready)
		became_ready(s, ev->member);
}

static void on_ready(struct step *s, const struct machine_event *ev)
{
	if (s->m->members[ev->member].state == MEMBER_RELEASED && s->m->policy->wants_ready)
		became_ready(s, ev->member);
}

/* The very first one: its program could not be executed, there never was a service. */
static void on_release_failed(struct step *s, const struct machine_event *ev)
{
	if (s->m->members[ev->member].state != MEMBER_RELEASED)
		return;
	if (s->m->state == SERVICE_STARTING)
		step_finish(s, SERVICE_EXHAUSTED, CAUSE_EXEC, 1);
	else
		step_fail(s, ev->member, CAUSE_EXEC, s->m->last_status ? s->m->last_status : 1);
}

/* A clean end is the service's, unless another one serves besides. */
static bool completes(const struct machine *m, int i, bool clean)
{
	return clean && m->state != SERVICE_STOPPING && !m->overlap &&
	       (i == m->active || i == m->target);
}

static void on_exited(struct step *s, const struct machine_event *ev)
{
	struct machine *m = s->m;
	enum member_state state = m->members[ev->member].state;

	if (ev->member == m->active && member_is_occupied(&m->members[ev->member]))
		m->last_status = ev->status;
	switch (state) {
	case MEMBER_BUILDING:
	case MEMBER_WARM:
		step_fail(s, ev->member, CAUSE_BUILD, m->last_status ? m->last_status : 1);
		break;
	case MEMBER_RELEASED:
	case MEMBER_RUNNING:
		if (completes(m, ev->member, ev->clean))
			step_finish(s, SERVICE_COMPLETED, CAUSE_CLEAN_EXIT, ev->status);
		else
			step_fail(s, ev->member, ev->cause, ev->status);
		break;
	case MEMBER_TERMINATING:
		step_kill(s, ev->member); /* what it may have left */
		break;
	default:
		break;
	}
}

static void on_unhealthy(struct step *s, const struct machine_event *ev)
{
	enum member_state state = s->m->members[ev->member].state;

	if (state == MEMBER_RUNNING || state == MEMBER_RELEASED)
		step_fail(s, ev->member, ev->cause, s->m->last_status ? s->m->last_status : 1);
}

static void on_empty(struct step *s, const struct machine_event *ev)
{
	struct machine *m = s->m;
	int i = ev->member;

	if (m->members[i].state != MEMBER_FENCING)
		return;
	step_stop_timer(s, TIMER_FENCE, i);
	m->members[i].state = MEMBER_ABSENT;
	m->members[i].dirty = true;
	if (m->state == SERVICE_FENCING) {
		step_promote_next(s);
		return;
	}
	step_settle(s, i);
	if (m->state == SERVICE_STOPPING)
		step_check_over(s);
	else if (machine_is_steady(m))
		step_steady(s, i, CAUSE_STANDBY);
}

static void on_stable(struct step *s, int i)
{
	struct machine *m = s->m;

	if (i != m->active || m->members[i].state != MEMBER_RUNNING)
		return;
	m->members[i].backoff_ms = 0;
	m->members[i].restarts = 0;
	if (m->replaced < 0)
		return;
	struct machine_member *old = &m->members[m->replaced];
	old->retired = true;
	if (old->state == MEMBER_WARM || old->state == MEMBER_BUILDING) {
		step_kill(s, m->replaced);
	} else if (!member_is_occupied(old)) {
		step_stop_timer(s, TIMER_BACKOFF, m->replaced);
		old->state = MEMBER_GONE;
	}
	m->replaced = -1;
	if (machine_is_steady(m))
		step_steady(s, i, CAUSE_UPGRADE);
}

static void on_backoff(struct step *s, int i)
{
	struct machine *m = s->m;

	if (m->members[i].state != MEMBER_QUARANTINED)
		return;
	m->members[i].state = MEMBER_ABSENT;
	if (m->state == SERVICE_PROMOTING && m->target < 0) {
		m->target = i;
		step_build(s, i);
	} else if (machine_is_steady(m)) {
		step_steady(s, i, CAUSE_STANDBY);
	}
}

static void on_timer(struct step *s, const struct machine_event *ev)
{
	struct machine *m = s->m;
	int i = ev->member;
	enum member_state state = m->members[i].state;

	switch (ev->timer) {
	case TIMER_READY:
		if (state == MEMBER_RELEASED)
			step_fail(s, i, CAUSE_READY_TIMEOUT, m->last_status ? m->last_status : 1);
		break;
	case TIMER_TERM:
		if (state == MEMBER_TERMINATING)
			step_kill(s, i);
		break;
	case TIMER_FENCE:
		if (state != MEMBER_FENCING)
			break;
		/* Loudly, and no further: nobody is promoted next to one that may still run. */
		step_transition(s, m->state, i, CAUSE_FENCE_TIMEOUT, 0);
		step_emit(s, MACHINE_KILL, i, 0);
		step_set_timer(s, TIMER_FENCE, i, m->policy->fence_timeout_ms);
		break;
	case TIMER_BACKOFF:
		on_backoff(s, i);
		break;
	case TIMER_STABLE:
		on_stable(s, i);
		break;
	case TIMER_FAILBACK:
		if (machine_is_steady(m) && m->active != 0 && m->members[0].state == MEMBER_WARM)
			step_switch(s, 0, false, CAUSE_FAILBACK);
		break;
	default:
		break;
	}
}

static void on_switch(struct step *s, const struct machine_event *ev)
{
	step_switch(s, ev->member, ev->overlap, ev->cause);
}

static void on_add(struct step *s, const struct machine_event *ev)
{
	struct machine *m = s->m;

	if (!machine_may_switch(m) || ev->member != m->n_members ||
	    m->n_members == MACHINE_MEMBERS_MAX)
		return;
	m->members[m->n_members++] = (struct machine_member){ 0 };
	m->replaced = m->active;
	step_switch(s, ev->member, ev->overlap, ev->cause);
}

static void on_stop(struct step *s, const struct machine_event *ev)
{
	struct machine *m = s->m;
	bool again = m->state == SERVICE_STOPPING;

	if (!again) {
		m->end = SERVICE_STOPPED;
		m->end_cause = ev->cause;
		step_stop_timer(s, TIMER_FAILBACK, 0);
		step_transition(s, SERVICE_STOPPING, m->active, ev->cause, 0);
	}
	for (int i = 0; i < m->n_members; i++) {
		enum member_state state = m->members[i].state;
		if (state == MEMBER_RELEASED || state == MEMBER_RUNNING || state == MEMBER_TERMINATING)
			step_terminate(s, i, ev->status);
		else if (state == MEMBER_WARM || state == MEMBER_BUILDING)
			step_kill(s, i);
	}
	if (!again)
		step_check_over(s);
}

static void (*const handlers[EVENTS])(struct step *s, const struct machine_event *ev) = {
	[EVENT_START] = on_start,	[EVENT_ADOPT] = on_adopt,
	[EVENT_BUILT] = on_built,	[EVENT_BUILD_FAILED] = on_build_failed,
	[EVENT_RELEASED] = on_released, [EVENT_RELEASE_FAILED] = on_release_failed,
	[EVENT_READY] = on_ready,	[EVENT_EXITED] = on_exited,
	[EVENT_UNHEALTHY] = on_unhealthy, [EVENT_EMPTY] = on_empty,
	[EVENT_TIMER] = on_timer,	[EVENT_SWITCH] = on_switch,
	[EVENT_ADD] = on_add,		[EVENT_STOP] = on_stop,
};

/* Events without a member have -1. */
static bool has_member(enum event_type type)
{
	return type != EVENT_SWITCH && type != EVENT_ADD && type != EVENT_STOP;
}

void machine_step(struct machine *m, const struct machine_event *ev, long long now_ms,
		  struct machine_actions *ret)
{
	struct step s = { m, now_ms, ret };

	ret->n = 0;
	if (machine_is_over(m) || ev->type >= EVENTS)
		return;
	if (has_member(ev->type) && (ev->member < 0 || ev->member >= m->n_members))
		return;
	handlers[ev->type](&s, ev);
}

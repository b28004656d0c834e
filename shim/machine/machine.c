/* SPDX-License-Identifier: Apache-2.0 */
/*
 * machine: see machine.h. What an event means is looked up by the state that its member, or the
 * service, is in; where the tables have no handler it is late or does not fit, and changes nothing.
 */
#include "machine/machine.h"

#include <stddef.h>

#include "machine/parts.h"

void machine_init(struct machine *m, const struct machine_policy *policy, int n_members,
		  uint32_t seed)
{
	*m = (struct machine){
		.policy = policy,
		.n_members = n_members,
		.active = -1,
		.target = -1,
		.upgraded = -1,
		.replaced = -1,
		.random = seed ? seed : 1,
	};
	for (int i = 0; i < n_members; i++)
		m->members[i].mode = policy->mode;
	budget_init(&m->budget, policy->max_failures, policy->window_ms);
}

/* -- of a member ----------------------------------------------------------------------------- */

static void became_warm(struct step *s, int i)
{
	s->m->members[i].state = MEMBER_WARM;
}

static void was_not_built(struct step *s, int i)
{
	s->m->members[i].state = MEMBER_ABSENT;
	step_fail(s, i, CAUSE_BUILD, 0);
}

/* Debts are void when it was well for a while, at most this one; an upgrade is there to stay after the window. */
static void set_proof_timers(struct step *s, int i)
{
	long long window_ms = s->m->policy->window_ms;

	step_set_timer(s, TIMER_HEALTHY, i, window_ms < MACHINE_HEALTHY_MS ? window_ms : MACHINE_HEALTHY_MS);
	step_set_timer(s, TIMER_STABLE, i, window_ms);
}

static void machine_became_ready(struct step *s, int i)
{
	struct machine *m = s->m;
	int old = m->active;

	m->members[i].state = MEMBER_RUNNING;
	m->active = i;
	m->target = -1;
	m->overlap = false;
	if (m->upgraded < 0)
		m->replaced = -1;
	step_emit(s, MACHINE_ACTIVATE, i, 0);
	step_stop_timer(s, TIMER_READY, i);
	set_proof_timers(s, i);
	/* Written down first: a shim that adopts the service has to know whose end was asked for. */
	step_transition(s, SERVICE_ACTIVE, i, m->cause, 0);
	if (old != i && old >= 0 && m->members[old].state == MEMBER_RUNNING)
		step_drain(s, old);
}

static bool waits_for_ready(const struct step *s, int i)
{
	return s->m->policy->wants_ready || s->m->members[i].armed & 1U << TIMER_READY;
}

static void was_released(struct step *s, int i)
{
	if (!waits_for_ready(s, i) && !s->m->members[i].is_promoting)
		machine_became_ready(s, i);
}

static void says_ready(struct step *s, int i)
{
	if (s->m->members[i].is_promoting)
		s->m->members[i].is_ready = true;
	else if (waits_for_ready(s, i))
		machine_became_ready(s, i);
}

/* -- of a hot standby ------------------------------------------------------------------------ */

static void became_hot(struct step *s, int i)
{
	s->m->members[i].state = MEMBER_HOT;
	step_stop_timer(s, TIMER_READY, i);
	if (s->m->members[i].mode == MODE_FROZEN)
		step_emit(s, MACHINE_FREEZE, i, 0);
}

static void was_heated(struct step *s, int i)
{
	if (!s->m->policy->heat_wants_ready)
		became_hot(s, i);
}

static void was_promoted(struct step *s, int i)
{
	struct machine_member *mm = &s->m->members[i];

	mm->is_promoting = false;
	if (mm->is_ready || !s->m->policy->wants_ready)
		machine_became_ready(s, i);
}

static void was_not_heated(struct step *s, int i)
{
	step_fail(s, i, CAUSE_EXEC, 0);
}

/* Of its own accord, cleanly or not: a standby has nothing to complete. */
static void ended_early(struct step *s, int i)
{
	step_fail(s, i, s->ev->cause, s->ev->status);
}

static void was_not_released(struct step *s, int i)
{
	struct machine *m = s->m;

	if (m->state != SERVICE_STARTING) {
		step_fail(s, i, CAUSE_EXEC, 0);
		return;
	}
	/* The very first program could not be executed: there never was a service. */
	step_transition(s, SERVICE_STOPPING, i, CAUSE_EXEC, 0);
	step_finish(s, SERVICE_EXHAUSTED, CAUSE_EXEC);
}

static void note_status(struct step *s, int i)
{
	if (s->m->members[i].ran && i == s->m->active)
		s->m->last_status = s->ev->status;
}

static void died_at_gate(struct step *s, int i)
{
	step_fail(s, i, CAUSE_BUILD, 0);
}

/* A clean end is the service's own, unless another one serves, or is about to; or it is of an upgrade, which has to be
 * well first. */
static void ended(struct step *s, int i)
{
	struct machine *m = s->m;
	bool has_successor = m->overlap && m->target >= 0 &&
			     m->members[m->target].state == MEMBER_RELEASED;

	bool has_to_prove = i == m->upgraded && m->members[i].armed & 1U << TIMER_HEALTHY;

	note_status(s, i);
	if (s->ev->clean && i == m->active && !has_successor && !has_to_prove) {
		step_transition(s, SERVICE_STOPPING, i, CAUSE_CLEAN_EXIT, s->ev->status);
		step_finish(s, SERVICE_COMPLETED, CAUSE_CLEAN_EXIT);
	} else {
		step_fail(s, i, s->ev->cause, s->ev->status);
	}
}

/* Of an adopted one: it was taken for one that runs, and was slow to say that it waits at its gate. */
static void never_began(struct step *s, int i)
{
	step_fail(s, i, CAUSE_ADOPT, 0);
}

/* It heeded the stop signal. It may have left others behind. */
static void stopped(struct step *s, int i)
{
	if (s->ev->type == EVENT_EXITED)
		note_status(s, i);
	step_kill(s, i);
}

static void became_unhealthy(struct step *s, int i)
{
	step_fail(s, i, s->ev->cause, 0);
}

static void became_empty(struct step *s, int i)
{
	struct machine_member *mm = &s->m->members[i];

	mm->state = MEMBER_ABSENT;
	mm->ran = false;
	mm->dirty = true;
}

/* -- timers ---------------------------------------------------------------------------------- */

static void became_late(struct step *s, int i)
{
	step_fail(s, i, CAUSE_READY_TIMEOUT, 0);
}

static void drained(struct step *s, int i)
{
	step_terminate(s, i, 0);
}

/* Loudly, and no further: nobody is promoted beside one that may still run. */
static void stayed_populated(struct step *s, int i)
{
	step_transition(s, s->m->state, i, CAUSE_FENCE_TIMEOUT, 0);
	step_emit(s, MACHINE_KILL, i, 0);
	step_set_timer(s, TIMER_FENCE, i, s->m->policy->fence_timeout_ms);
}

static void waited(struct step *s, int i)
{
	pace_pay(&s->m->members[i].builds);
	s->m->members[i].state = MEMBER_ABSENT;
}

static void came_due(struct step *s, int i)
{
	pace_pay(&s->m->members[i].starts);
}

static void became_healthy(struct step *s, int i)
{
	(void)i;
	step_void_debts(s);
}

/* What stands on the primary's bundle has to be built from the new one. */
static void renew_standbys(struct step *s)
{
	for (int i = 0; i < s->m->n_members; i++) {
		if (machine_is_waiting_member(&s->m->members[i]))
			step_kill(s, i);
	}
}

static void became_stable(struct step *s, int i)
{
	struct machine *m = s->m;

	m->members[i].restarts = 0;
	if (i == m->primary)
		m->failed_back = m->flaps = false;
	if (!budget_used(&m->budget, s->now_ms)) {
		m->last_chance = false;
		step_void_debts(s);
	}
	if (i != m->upgraded)
		return;
	step_retire(s, m->replaced);
	m->primary = i;
	m->upgraded = m->replaced = -1;
	renew_standbys(s);
}

static void fails_back(struct step *s, int i)
{
	s->m->failed_back = true;
	step_switch(s, i, false, CAUSE_FAILBACK);
}

/* -- of the service -------------------------------------------------------------------------- */

static void starts(struct step *s, int i)
{
	struct machine *m = s->m;

	if (m->target >= 0)
		return;
	m->cause = s->ev->cause;
	m->target = i;
}

/* An upgrade that had not got as far as to serve is given up: nobody waits for it any more. */
static void give_up_upgrade(struct step *s, int serves)
{
	struct machine *m = s->m;

	if (m->upgraded < 0 || m->upgraded == serves)
		return;
	step_retire(s, m->upgraded);
	m->upgraded = m->replaced = -1;
}

/* Its end was asked for before, or comes now: what it was told, if anything, is told again. */
static void end_leftovers(struct step *s)
{
	for (int i = 0; i < s->m->n_members; i++)
		if (s->m->members[i].state == MEMBER_TERMINATING)
			step_terminate(s, i, 0);
}

static void began_adopted(struct step *s, int i)
{
	struct machine *m = s->m;

	if (m->target >= 0 || (i >= 0 && m->members[i].state == MEMBER_GONE))
		return;
	bool serves = i >= 0 && m->members[i].state != MEMBER_TERMINATING;
	give_up_upgrade(s, i);
	m->active = i;
	m->cause = CAUSE_ADOPT;
	end_leftovers(s);
	if (!serves) {
		step_transition(s, SERVICE_FENCING, i, CAUSE_ADOPT, 0);
		return;
	}
	machine_restore(m, i, MEMBER_RUNNING);
	step_emit(s, MACHINE_ACTIVATE, i, 0);
	set_proof_timers(s, i);
	step_transition(s, SERVICE_ACTIVE, i, CAUSE_ADOPT, 0);
}

static void asked_to_switch(struct step *s, int i)
{
	step_switch(s, i, s->ev->overlap, s->ev->cause);
}

static bool is_free(const struct machine *m, int i)
{
	if (m->n_members < MACHINE_MEMBERS_MAX)
		return i == m->n_members;
	return i > 0 && i < m->n_members && i != m->primary && m->members[i].state == MEMBER_GONE;
}

int machine_free_place(const struct machine *m, int nth)
{
	for (int i = 0; i <= m->n_members; i++)
		if (is_free(m, i) && nth-- == 0)
			return i;
	return -1;
}

/* Whom the new one replaces: who serves, or served last; in a rollback, whom that leads to. */
static int whom_to_replace(struct step *s)
{
	struct machine *m = s->m;

	if (m->replaced < 0)
		return m->active;
	if (m->upgraded < 0)
		return m->replaced;
	step_retire(s, m->replaced); /* the last upgrade is good enough to build upon */
	m->primary = m->active;
	return m->active;
}

static void asked_to_upgrade(struct step *s, int i)
{
	struct machine *m = s->m;

	if (!is_free(m, i))
		return;
	m->replaced = whom_to_replace(s);
	m->members[i] = (struct machine_member){ .mode = m->policy->mode };
	m->n_members += i == m->n_members;
	m->upgraded = i;
	step_switch(s, i, s->ev->overlap, CAUSE_UPGRADE);
}

static void asked_to_stop(struct step *s, int i)
{
	(void)i;
	step_stop(s, s->ev->cause, s->ev->status);
}

/* -- tables ---------------------------------------------------------------------------------- */

typedef void handler(struct step *s, int i);

static handler *const member_handlers[MEMBER_STATES][EVENTS] = {
	[MEMBER_BUILDING] = { [EVENT_BUILT] = became_warm,
			      [EVENT_BUILD_FAILED] = was_not_built,
			      [EVENT_EXITED] = died_at_gate },
	[MEMBER_WARM] = { [EVENT_EXITED] = died_at_gate },
	[MEMBER_HEATING] = { [EVENT_RELEASED] = was_heated,
			     [EVENT_RELEASE_FAILED] = was_not_heated,
			     [EVENT_READY] = became_hot,
			     [EVENT_EXITED] = ended_early,
			     [EVENT_UNHEALTHY] = became_unhealthy },
	[MEMBER_HOT] = { [EVENT_EXITED] = ended_early,
			 [EVENT_UNHEALTHY] = became_unhealthy },
	[MEMBER_RELEASED] = { [EVENT_PROMOTED] = was_promoted,
			      [EVENT_RELEASED] = was_released,
			      [EVENT_RELEASE_FAILED] = was_not_released,
			      [EVENT_READY] = says_ready,
			      [EVENT_EXITED] = ended,
			      [EVENT_UNHEALTHY] = became_unhealthy },
	[MEMBER_RUNNING] = { [EVENT_BUILT] = never_began,
			     [EVENT_EXITED] = ended,
			     [EVENT_UNHEALTHY] = became_unhealthy },
	[MEMBER_DRAINING] = { [EVENT_EXITED] = stopped },
	[MEMBER_TERMINATING] = { [EVENT_BUILT] = step_kill,
				 [EVENT_EXITED] = stopped,
				 [EVENT_EMPTY] = stopped },
	[MEMBER_FENCING] = { [EVENT_EXITED] = note_status, [EVENT_EMPTY] = became_empty },
};

static handler *const timer_handlers[MEMBER_STATES][TIMERS] = {
	[MEMBER_ABSENT] = { [TIMER_START] = came_due },
	[MEMBER_BUILDING] = { [TIMER_START] = came_due },
	[MEMBER_WARM] = { [TIMER_START] = came_due, [TIMER_FAILBACK] = fails_back },
	[MEMBER_HEATING] = { [TIMER_READY] = became_late },
	[MEMBER_HOT] = { [TIMER_FAILBACK] = fails_back },
	[MEMBER_RELEASED] = { [TIMER_READY] = became_late },
	[MEMBER_RUNNING] = { [TIMER_HEALTHY] = became_healthy, [TIMER_STABLE] = became_stable },
	[MEMBER_DRAINING] = { [TIMER_TERM] = drained },
	[MEMBER_TERMINATING] = { [TIMER_TERM] = step_kill },
	[MEMBER_FENCING] = { [TIMER_FENCE] = stayed_populated },
	[MEMBER_QUARANTINED] = { [TIMER_BACKOFF] = waited },
};

static handler *const service_handlers[SERVICE_STATES][EVENTS] = {
	[SERVICE_STARTING] = { [EVENT_START] = starts,
			       [EVENT_ADOPT] = began_adopted,
			       [EVENT_STOP] = asked_to_stop },
	[SERVICE_ACTIVE] = { [EVENT_SWITCH] = asked_to_switch,
			     [EVENT_ADD] = asked_to_upgrade,
			     [EVENT_STOP] = asked_to_stop },
	[SERVICE_DEGRADED] = { [EVENT_SWITCH] = asked_to_switch,
			       [EVENT_ADD] = asked_to_upgrade,
			       [EVENT_STOP] = asked_to_stop },
	[SERVICE_FENCING] = { [EVENT_STOP] = asked_to_stop },
	[SERVICE_PROMOTING] = { [EVENT_SWITCH] = asked_to_switch,
				[EVENT_ADD] = asked_to_upgrade,
				[EVENT_STOP] = asked_to_stop },
	[SERVICE_STOPPING] = { [EVENT_STOP] = asked_to_stop },
};

/* A timer that is not armed was stopped while its event was on its way. */
static handler *timer_handler(struct machine *m, const struct machine_event *ev)
{
	struct machine_member *mm = &m->members[ev->member];

	if ((unsigned)ev->timer >= TIMERS || !(mm->armed & 1U << ev->timer))
		return NULL;
	mm->armed &= ~(1U << ev->timer);
	return timer_handlers[mm->state][ev->timer];
}

static handler *find_handler(struct machine *m, const struct machine_event *ev)
{
	bool is_member = ev->member >= 0 && ev->member < m->n_members;

	if ((unsigned)ev->type >= EVENTS)
		return NULL;
	if (!is_member && (ev->type == EVENT_START || (ev->type == EVENT_ADOPT && ev->member != -1)))
		return NULL;
	if ((ev->type == EVENT_SWITCH || ev->type == EVENT_ADD) && !machine_may_switch(m))
		return NULL;
	if (service_handlers[m->state][ev->type])
		return service_handlers[m->state][ev->type];
	if (!is_member || machine_is_over(m))
		return NULL;
	return ev->type == EVENT_TIMER ? timer_handler(m, ev) :
					 member_handlers[m->members[ev->member].state][ev->type];
}

void machine_step(struct machine *m, const struct machine_event *ev, long long now_ms,
		  struct machine_actions *ret)
{
	struct step s = { m, ev, now_ms, ret, CAUSE_STANDBY };

	ret->n = 0;
	handler *handle = find_handler(m, ev);
	if (!handle)
		return;
	handle(&s, ev->member);
	step_advance(&s);
}

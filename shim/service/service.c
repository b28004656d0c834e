/* SPDX-License-Identifier: Apache-2.0 */
/* service: see service.h. Events into the machine, its actions as calls. Must not wait for anything. */
#include "service/service.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/fd.h"
#include "handover.h"
#include "service/env.h"
#include "service/generation.h"
#include "service/parts.h"
#include "service/show.h"

/* -- the actions ----------------------------------------------------------------------------- */

static bool has_program(const struct service *s)
{
	for (int i = 0; i < s->machine.n_members; i++) {
		const struct member *m = &s->members[i];
		if (member_exists(m) && (m->generation || m->is_standby))
			return true;
	}
	return false;
}

static void do_build(struct service *s, const struct machine_action *a)
{
	service_ports_before_build(&s->ports, s->policy, a->member, !has_program(s));
	member_build(&s->members[a->member]);
}

static int release(struct service *s, struct member *m, struct err *e)
{
	int fds[FDSET_MAX];
	char *env = s->env;
	size_t len = 0;
	struct handover h = { .fds = fds, .env = env };
	int r;

	if (service_ports_are_lost(&s->ports, m->index))
		return err_msg(e, EPIPE, "the keeper of the ports, which its filter asks, has ended: it is built anew");
	r = own_sockets_make(&s->own_sockets, m, s->shared.held.fd[OCI_NS_NETWORK], e);
	if (r >= 0)
		r = generation_next(&s->record, &s->generation, m->name, e);
	const struct env_facts facts = { .id = s->id, .member = m->name, .generation = s->generation,
					 .watchdog_ms = s->policy->watchdog_ms, .fds = &s->store.set,
					 .n_fds = s->store.set.n };
	if (r >= 0)
		r = env_write(&facts, env, sizeof s->env, &len, e);
	if (r < 0)
		return r;
	if (s->generation > 1 && !s->machine.overlap)
		shared_mend(&s->shared);
	for (unsigned i = 0; i < s->store.set.n; i++)
		fds[h.n_fds++] = own_sockets_fd(&s->own_sockets, m, i, &s->store.set);
	h.env_len = len;
	fdstore_give(&s->store, m, s->generation);
	if (!s->machine.overlap)
		service_ports_activate(&s->ports, m->index);
	m->generation = s->generation;
	m->out.generation = m->err.generation = s->generation;
	r = member_release(m, &h, e);
	own_sockets_drop(&s->own_sockets, m);
	return r;
}

static void do_release(struct service *s, const struct machine_action *a)
{
	struct member *m = &s->members[a->member];
	struct err e = ERR_INIT;

	service_lull_begin(s);
	if (release(s, m, &e) >= 0)
		return;
	member_why(m, e.text);
	member_tell(m, EVENT_RELEASE_FAILED, CAUSE_EXEC, 0);
}

static void do_heat(struct service *s, const struct machine_action *a)
{
	heat_start(s, &s->members[a->member]);
}

static void do_freeze(struct service *s, const struct machine_action *a)
{
	heat_freeze(s, &s->members[a->member]);
}

static void do_promote(struct service *s, const struct machine_action *a)
{
	service_lull_begin(s);
	heat_promote(s, &s->members[a->member]);
}

static void do_term(struct service *s, const struct machine_action *a)
{
	/* Who adopts the service has to know whose end was asked for. */
	service_write_transitions(s);
	/* What it has accepted it may finish; new clients wait for the next one. */
	if (s->ports.active == a->member)
		service_ports_activate(&s->ports, -1);
	if (s->watch.member == &s->members[a->member])
		watch_end(&s->watch);
	member_signal(&s->members[a->member], a->arg ? (int)a->arg : s->policy->stop_signal);
}

static void do_service_kill(struct service *s, const struct machine_action *a)
{
	if (s->machine.state == SERVICE_STOPPING)
		service_write_transitions(s);
	if (s->watch.member == &s->members[a->member])
		watch_end(&s->watch);
	heat_end(s, &s->members[a->member]);
	member_kill(&s->members[a->member]);
}

static void do_discard(struct service *s, const struct machine_action *a)
{
	own_sockets_retire(&s->own_sockets, &s->members[a->member]);
	member_discard(&s->members[a->member]);
}

static const char *not_ready_text(const struct policy *p)
{
	return p->ready_notify		? "no READY=1 in time" :
	       p->machine.wants_ready	? "no probe succeeded in time" :
					  "it does not listen on as many held addresses as the member that serves";
}

static void on_timer(struct timer *t)
{
	struct member_timer *mt = LOOP_OWNER(t, struct member_timer, timer);
	struct machine_event ev = { .type = EVENT_TIMER, .member = mt->member->index,
				    .timer = mt->kind };

	if (mt->kind == TIMER_READY)
		member_why(mt->member, not_ready_text(mt->member->service->policy));
	service_event(mt->member->service, &ev);
}

static struct member_timer *timer_of(struct service *s, const struct machine_action *a)
{
	struct member *m = &s->members[a->member < 0 ? 0 : a->member];
	struct member_timer *mt = &m->timers[a->timer];

	mt->member = m;
	mt->kind = a->timer;
	return mt;
}

static void do_set_timer(struct service *s, const struct machine_action *a)
{
	loop_timer(&s->loop, &timer_of(s, a)->timer, a->arg * NS_PER_MS, on_timer);
}

static void do_stop_timer(struct service *s, const struct machine_action *a)
{
	loop_timer_stop(&s->loop, &timer_of(s, a)->timer);
}

/* Somebody serves then, or has been let go to. */
static bool leaves_a_server(const struct machine_action *a)
{
	return a->to == SERVICE_ACTIVE || a->to == SERVICE_DEGRADED || (a->to == SERVICE_PROMOTING && a->member >= 0);
}

/* Written down when the events at hand have been dealt with: first comes who is to serve. */
static void do_transition(struct service *s, const struct machine_action *a)
{
	const char *why = a->member < 0 ? "" : s->members[a->member].why;
	bool has_why = *why && (a->to == SERVICE_FENCING || a->to == SERVICE_DEGRADED || a->to == SERVICE_EXHAUSTED);

	if (s->record.n_transitions == TRANSITIONS_KEPT)
		service_write_transitions(s);
	struct transition *t = &s->record.transitions[s->record.n_transitions++];
	*t = (struct transition){ *a, happening_of(a, s->machine.active), s->generation, has_why ? why : NULL };
	/* What the takeover is for, told again. */
	if ((a->from == SERVICE_FENCING || a->from == SERVICE_PROMOTING) && !a->status)
		t->action.status = s->machine.last_status;
	if (a->to == SERVICE_STOPPING)
		service_ports_end(&s->ports);
	if (!leaves_a_server(a))
		service_lull_end(s);
	/* So that nobody joins the standby which is built in the place of who served. */
	if (a->to == SERVICE_PROMOTING && a->member < 0)
		service_save_soon(s);
	s->record.last_cause = a->cause;
	service_note_failure(s, a);
	service_say_trying(s, a);
	/* The switch was given up: the next program to run is no answer to it. */
	if (a->from == SERVICE_PROMOTING && a->to == SERVICE_ACTIVE && a->member != s->machine.active)
		takeovers_forget(&s->takeovers);
	service_answer_switch(s, a);
	upgrade_note(s, &t->action);
}

static void do_activate(struct service *s, const struct machine_action *a)
{
	struct member *m = &s->members[a->member];

	m->was_active = s->outcome.was_up = true;
	s->takeovers.serves_since_ns = loop_now_ns();
	service_ports_activate(&s->ports, a->member);
	service_watch_active(s, m);
	service_standin_follow(s);
	service_save_soon(s);
	service_note(s, m->pid);
	poststart_begin(&s->poststart, s->container.state, &s->made, m->pid);
}

static void do_end(struct service *s, const struct machine_action *a)
{
	s->outcome.ended = true;
	s->outcome.status = (int)a->arg;
	service_write_transitions(s);
	record_stands_at_end(&s->record, &s->machine, s->outcome.status);
	/* It never was: what its first member ran into is the command's error. */
	if (!s->outcome.was_up && s->members[0].why[0] && !s->outcome.failure.code)
		err_msg(&s->outcome.failure, EIO, "%s", s->members[0].why);
	service_answer_start(s);
	service_settle(s);
}

static void (*const perform[])(struct service *s, const struct machine_action *a) = {
	[MACHINE_BUILD] = do_build,	    [MACHINE_RELEASE] = do_release,
	[MACHINE_HEAT] = do_heat,	    [MACHINE_FREEZE] = do_freeze,
	[MACHINE_PROMOTE] = do_promote,	    [MACHINE_TERM] = do_term,	    [MACHINE_KILL] = do_service_kill,
	[MACHINE_DISCARD] = do_discard,	    [MACHINE_SET_TIMER] = do_set_timer,
	[MACHINE_STOP_TIMER] = do_stop_timer, [MACHINE_TRANSITION] = do_transition,
	[MACHINE_ACTIVATE] = do_activate,   [MACHINE_END] = do_end,
};

/* In an overlapping switch the new one is watched; when it fails, the one that serves on is again. */
static void watch_again(struct service *s)
{
	if (!s->watch.member && machine_is_steady(&s->machine))
		service_watch_active(s, &s->members[s->machine.active]);
}

static void tell_lost_events(struct service *s)
{
	struct err why = ERR_INIT;

	err_msg(&why, ENOBUFS, "%llu events were lost: too many at once", (unsigned long long)s->events.lost);
	s->events.lost = 0;
	service_warn(s, NULL, &why);
}

/* Whether it was paused before a failure is looked up: that it is may not have been heard of yet. */
static bool waits_for_resume(struct service *s, const struct machine_event *ev)
{
	if (ev->type == EVENT_START || ev->type == EVENT_ADOPT || ev->type == EVENT_STOP)
		return false;
	return s->pause.on || ((ev->type == EVENT_EXITED || ev->type == EVENT_UNHEALTHY) && pause_is_on(&s->pause));
}

void service_decide(struct service *s, const struct machine_event *ev)
{
	if (s->events.n < EVENT_QUEUE)
		s->events.queue[s->events.n++] = *ev;
	else
		s->events.lost++;
	if (!s->events.dispatching && !waits_for_resume(s, ev))
		service_dispatch(s);
}

/* An action may bring the next event with it: those wait until the step's actions are done. */
void service_dispatch(struct service *s)
{
	if (s->events.dispatching)
		return;
	s->events.dispatching = true;
	for (unsigned i = 0; i < s->events.n; i++) {
		struct machine_actions actions;
		machine_step(&s->machine, &s->events.queue[i], loop_now_ns() / NS_PER_MS, &actions);
		for (unsigned k = 0; k < actions.n; k++)
			perform[actions.v[k].type](s, &actions.v[k]);
	}
	s->events.n = 0;
	s->events.dispatching = false;
	watch_again(s);
	service_write_transitions(s);
	if (s->events.lost)
		tell_lost_events(s);
	service_plan_changed(s);
	upgrade_look(s);
}

/* -- what members tell ----------------------------------------------------------------------- */

static void on_service_event(struct member *m, const struct machine_event *ev)
{
	service_event(m->service, ev);
}

static void on_service_ended(struct member *m, long long seen_ns)
{
	enum machine_cause cause = m->exit_status < 0	  ? CAUSE_UNKNOWN_EXIT :
				   m->exit_status <= 128 ? CAUSE_EXIT :
							   service_exit_cause(m->service, m);

	service_failure_seen(m->service, m, seen_ns);
	service_tell_exit(m->service, m->index, cause, m->exit_status < 0 ? 255 : m->exit_status);
}

/* Its program runs, or has been promoted: the takeover, if there was one, is over. */
static void service_serves(struct service *s, struct member *m)
{
	if (s->watch.member != m) /* its READY=1 can be here first */
		watch_begin(&s->watch, m);
	const struct takeover *t = takeovers_end(&s->takeovers, m, s->machine.cause, loop_now_ns());
	if (t && s->made.foreground)
		show_takeover(s->id, t);
}

static void on_promoted(struct service *s, struct member *m)
{
	if (!s->machine.overlap)
		service_ports_let_in(&s->ports, m->index);
	service_serves(s, m);
	member_tell(m, EVENT_PROMOTED, CAUSE_NONE, 0);
}

static void on_released(struct member *m)
{
	struct service *s = m->service;

	if (m->is_standby) {
		heat_released(s, m);
		return;
	}
	service_serves(s, m);
	if (s->machine.overlap && s->policy->machine.overlap_wants_ready && !s->policy->machine.wants_ready)
		heat_needs_no_port(s, m);
}

static bool must_wait(const struct member *m)
{
	return service_is_taking_over(m->service);
}

static void on_past_gate(struct member *m)
{
	service_resume_members(m->service);
}

static const struct member *primary(const struct member *m)
{
	return &m->service->members[m->service->machine.primary];
}

static int on_service_built(struct member *m, struct err *e)
{
	struct service *s = m->service;
	int r = shared_join(&s->shared, m, e);

	return r < 0 ? r : own_sockets_make(&s->own_sockets, m, s->shared.held.fd[OCI_NS_NETWORK], e);
}

static void on_idle(struct member *m)
{
	service_reap(m->service);
	service_settle(m->service);
}

static void on_service_warning(struct member *m, const struct err *why)
{
	service_warn(m->service, m, why);
}

static void on_caused_warning(struct member *m, const struct err *why)
{
	service_warn_caused(m->service, m, why);
}

static const struct member_owner owner = {
	.event = on_service_event,	   .ended = on_service_ended, .released = on_released, .must_wait = must_wait,
	.past_gate = on_past_gate, .primary = primary, .built = on_service_built, .notified = service_notified, .idle = on_idle,
	.warn = on_service_warning, .warn_caused = on_caused_warning,
};

static void on_pause(struct pause *p)
{
	struct service *s = LOOP_OWNER(p, struct service, pause);

	if (p->on) {
		watch_stand_still(&s->watch);
		heat_stands_still(s);
		return;
	}
	if (s->takeovers.failed_ns) /* the time to recover does not begin before it could */
		s->takeovers.failed_ns = loop_now_ns();
	service_watch_goes_on(s);
	heat_goes_on(s);
	service_dispatch(s);
}

static void on_pause_warning(struct pause *p, const struct err *why)
{
	service_warn(LOOP_OWNER(p, struct service, pause), NULL, why);
}

static const struct pause_owner pause_owner = { .changed = on_pause, .warn = on_pause_warning };

static void on_shared_warning(struct service_shared *sh, const struct err *why)
{
	service_warn(LOOP_OWNER(sh, struct service, shared), NULL, why);
}

static void on_store_warning(struct fdstore *st, struct member *m, const struct err *why)
{
	struct service *s = LOOP_OWNER(st, struct service, store);

	if (m)
		service_warn_caused(s, m, why);
	else
		service_warn(s, NULL, why);
}

static void on_poststart(struct poststart *p, int result, const struct err *why)
{
	struct service *s = LOOP_OWNER(p, struct service, poststart);

	if (result < 0) {
		s->outcome.failure = *why;
		service_warn(s, NULL, why);
		service_stop(s, SIGKILL);
	} else {
		service_is_up(s);
	}
	service_settle(s);
}

static void on_callout_failed(struct callouts *c, const struct err *why)
{
	service_callout_failed(LOOP_OWNER(c, struct service, callouts), why);
}

static bool is_busy(const struct callouts *c)
{
	const struct service *s = LOOP_OWNER(c, struct service, callouts);
	const struct machine *m = &s->machine;

	return service_is_taking_over(s) || m->state == SERVICE_FENCING ||
	       (m->state == SERVICE_PROMOTING && !machine_is_waiting(m));
}

static const struct callouts_owner callouts_owner = { .failed = on_callout_failed, .is_busy = is_busy };

void service_own(struct service *s)
{
	s->store.warn = on_store_warning;
	s->store.loop = &s->loop;
	s->store.id = s->id;
	s->shared.warn = on_shared_warning;
	s->pause.owner = &pause_owner;
	s->common.owner = &owner;
	s->heat.promoted = on_promoted;
	s->heat.reclaim.loop = &s->loop;
	s->record.id = s->id;
	s->poststart.loop = &s->loop;
	s->poststart.done = on_poststart;
	s->callouts.owner = &callouts_owner;
	s->callouts.loop = &s->loop;
	s->callouts.id = s->id;
	s->take_event = service_decide;
	service_own_watch(s);
}

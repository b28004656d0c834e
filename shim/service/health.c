/* SPDX-License-Identifier: Apache-2.0 */
/*
 * service/health: what the watch (watch.h) sees of the member that serves and what members say of themselves by
 * sd_notify(3) becomes events of the machine. A paused service is not ill.
 */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "cgroup/cgroup.h"
#include "service/parts.h"
#include "service/probe_target.h"

static void tell_ill(struct service *s, struct member *m, enum machine_cause cause, const char *why)
{
	if (pause_is_on(&s->pause))
		return;
	snprintf(m->why, sizeof m->why, "%s", why);
	service_failure_seen(s, m, loop_now_ns());
	member_tell(m, EVENT_UNHEALTHY, cause, 0);
}

/* -- the watch ------------------------------------------------------------------------------- */

static struct service *service_of(const struct watch *w)
{
	return LOOP_OWNER(w, struct service, watch);
}

static void on_ill(struct watch *w, enum machine_cause cause, const char *why)
{
	tell_ill(service_of(w), w->member, cause, why);
}

static void on_well(struct watch *w)
{
	if (w->policy->machine.wants_ready && !w->policy->ready_notify)
		member_tell(w->member, EVENT_READY, CAUSE_NONE, 0);
}

static bool is_ready(const struct watch *w)
{
	return service_of(w)->machine.members[w->member->index].state == MEMBER_RUNNING;
}

static struct probe_target target(const struct watch *w)
{
	return probe_target_of(w->member);
}

static bool has_neighbour(const struct watch *w)
{
	const struct machine *m = &service_of(w)->machine;

	for (int i = 0; i < m->n_members; i++)
		if (i != w->member->index && m->members[i].ran)
			return true;
	return false;
}

static void warn(struct watch *w, const struct err *why)
{
	service_warn(service_of(w), w->member, why);
}

static void warn_caused(struct watch *w, const struct err *why)
{
	service_warn_caused(service_of(w), w->member, why);
}

static const struct watch_owner health = {
	.ill = on_ill,
	.well = on_well,
	.is_ready = is_ready,
	.target = target,
	.has_neighbour = has_neighbour,
	.warn = warn,
	.warn_caused = warn_caused,
};

void service_own_watch(struct service *s)
{
	s->watch.owner = &health;
	s->watch.loop = &s->loop;
}

void service_watch_active(struct service *s, struct member *m)
{
	if (s->watch.member != m)
		watch_begin(&s->watch, m);
	watch_feed(&s->watch);
}

void service_watch_goes_on(struct service *s)
{
	watch_go_on(&s->watch);
	if (s->watch.member && s->watch.member->index == s->machine.active)
		watch_feed(&s->watch);
}

/* The OOM killer's signal is not just any. */
enum machine_cause service_exit_cause(struct service *s, struct member *m)
{
	bool is_oom = m->exit_status == 128 + 9 && !m->killed && watch_saw_oom(&s->watch, m);

	return is_oom ? CAUSE_OOM : CAUSE_SIGNAL;
}

/* -- sd_notify(3) ---------------------------------------------------------------------------- */

static void take_timeouts(struct service *s, struct member *m, const struct notify_message *msg)
{
	struct timer *ready = &m->timers[TIMER_READY].timer;

	if (msg->watchdog_usec >= 0) {
		m->watchdog_usec = msg->watchdog_usec;
		if (m == s->watch.member)
			watch_set_watchdog(&s->watch, msg->watchdog_usec);
		if (!s->watch.watchdog_ns)
			loop_timer_stop(&s->loop, &s->watch.watchdog);
	}
	if (msg->extend_timeout_usec >= 0 && ready->armed)
		loop_timer(&s->loop, ready, msg->extend_timeout_usec * NS_PER_US, ready->due);
}

/* In the member's cgroup or below, or gone by now: its socket is in the member alone, for all but root. */
static bool is_own(const struct member *m, pid_t pid)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct err ignored;
	char *path, *own;

	if (!pid)
		return false; /* outside of our PID namespace */
	if (cgroup_path_of(&a, pid, &path, &ignored) < 0)
		return true;
	own = arena_printf(&a, "%s/%s", m->service->container.state->cgroup, m->name);
	size_t n = own ? strlen(own) : 0;
	return n && !strncmp(path, own, n) && (!path[n] || path[n] == '/');
}

/* It has no fd store before it serves. */
static void standby_notified(struct service *s, struct member *m, const struct notify_message *msg)
{
	if (msg->status)
		snprintf(m->status, sizeof m->status, "%s", msg->status);
	take_timeouts(s, m, msg);
	if (msg->watchdog_trigger)
		tell_ill(s, m, CAUSE_WATCHDOG, "WATCHDOG=trigger");
	else if (msg->watchdog && s->machine.members[m->index].state == MEMBER_HOT)
		heat_feed(s, m);
	if (msg->ready && s->policy->ready_notify)
		heat_says_ready(s, m);
}

void service_notified(struct notify *n, struct notify_message *msg)
{
	struct member *m = LOOP_OWNER(n, struct member, notify);
	struct service *s = m->service;
	bool is_active = m->index == s->machine.active &&
			 s->machine.members[m->index].state != MEMBER_TERMINATING;

	if (msg->hung) {
		fdstore_hung(&s->store, m);
		return;
	}
	/* Whoever has not been let go, or is being fenced, has nothing to say, nor has anybody else. */
	if ((!m->generation && !m->is_standby) || m->killed || !is_own(m, msg->pid))
		return;
	if (m->is_standby) {
		standby_notified(s, m, msg);
		return;
	}
	if (msg->status)
		snprintf(m->status, sizeof m->status, "%s", msg->status);
	if (msg->fdstore)
		fdstore_add(&s->store, m, msg);
	if (msg->fdstore_remove && msg->fdname)
		fdstore_remove(&s->store, msg->fdname);
	take_timeouts(s, m, msg);
	if (msg->ready && s->policy->ready_notify)
		member_tell(m, EVENT_READY, CAUSE_NONE, 0);
	if (msg->watchdog_trigger && is_active)
		tell_ill(s, m, CAUSE_WATCHDOG, "WATCHDOG=trigger");
	else if (is_active && m == s->watch.member && (msg->watchdog || msg->watchdog_usec > 0))
		watch_feed(&s->watch);
}

/* service/watch: is the active member well? Probe, watchdog, OOM kills, stalls, and what it says of itself by
 * sd_notify(3). Tells the machine; decides nothing. */
#include <sys/epoll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/fd.h"
#include "cgroup/cgroup.h"
#include "service/parts.h"

#define NS_PER_US 1000LL
#define NS_PER_MS 1000000LL

void watch_init(struct watch *w)
{
	w->oom = OOM_INIT;
	probe_init(&w->probe);
}

/* A paused service is not ill. */
static void unhealthy(struct service *s, struct member *m, enum machine_cause cause, const char *why)
{
	if (!m || pause_is_on(s))
		return;
	snprintf(m->why, sizeof m->why, "%s", why);
	service_failure_seen(s, m, loop_now_ns());
	member_tell(m, EVENT_UNHEALTHY, cause, 0);
}

/* -- watchdog -------------------------------------------------------------------------------- */

static void on_watchdog(struct timer *t)
{
	struct service *s = LOOP_OWNER(t, struct service, watch.watchdog);

	unhealthy(s, s->watch.member, CAUSE_WATCHDOG, "no WATCHDOG=1 in time");
}

static void feed_watchdog(struct service *s)
{
	if (s->watch.watchdog_ns)
		loop_timer(&s->loop, &s->watch.watchdog, s->watch.watchdog_ns, on_watchdog);
}

void service_watch_active(struct service *s, struct member *m)
{
	if (s->watch.member != m)
		service_watch_released(s, m);
	feed_watchdog(s);
}

/* -- probe, OOM, stalls ---------------------------------------------------------------------- */

/* Until it has been ready once only --ready-timeout counts. */
static bool is_ready(const struct service *s, const struct member *m)
{
	return m && s->machine.members[m->index].state == MEMBER_RUNNING;
}

static void on_probe(struct probe *p, bool ok)
{
	struct service *s = LOOP_OWNER(p, struct service, watch.probe);

	if (!ok && is_ready(s, s->watch.member))
		unhealthy(s, s->watch.member, CAUSE_PROBE, p->why);
	else if (ok && s->watch.member && s->policy->machine.wants_ready && !s->policy->ready_notify)
		member_tell(s->watch.member, EVENT_READY, CAUSE_NONE, 0);
}

/* Another member runs beside it, in the same network, or may do so. */
static bool is_shared(const struct probe *p)
{
	const struct service *s = LOOP_OWNER(p, struct service, watch.probe);
	const struct member *m = s->watch.member;

	if (!m || (m->private_namespaces & 1U << OCI_NS_NETWORK && p->policy->kind != PROBE_UNIX))
		return false;
	for (int i = 0; i < s->machine.n_members; i++)
		if (i != m->index && s->machine.members[i].ran)
			return true;
	return false;
}

static void on_oom(struct oom *o, uint64_t kills)
{
	struct service *s = LOOP_OWNER(o, struct service, watch.oom);
	struct err why = ERR_INIT;

	err_msg(&why, ENOMEM, "the kernel has killed %llu of its processes for lack of memory",
		(unsigned long long)kills);
	if (s->watch.member)
		service_warn_caused(s, s->watch.member, &why);
}

static void on_stall(struct stall *st)
{
	struct service *s = st->arg;
	char why[80];

	snprintf(why, sizeof why, "stalled for lack of %s", st->policy->resource);
	unhealthy(s, s->watch.member, CAUSE_STALL, why);
}

/* What cannot be watched is told and done without: a start must not fail for it. */
static void watch_cgroup(struct service *s, struct member *m)
{
	struct err e = ERR_INIT;

	if (oom_open(&s->watch.oom, &s->loop, m->cgroup_fd, on_oom, &e) < 0 && e.code != ENOENT)
		service_warn(s, m, &e);
	for (s->watch.n_stalls = 0; s->watch.n_stalls < s->policy->n_stalls; s->watch.n_stalls++) {
		struct stall *st = &s->watch.stalls[s->watch.n_stalls];
		st->arg = s;
		if (stall_open(st, &s->loop, m->cgroup_fd, &s->policy->stalls[s->watch.n_stalls], on_stall,
			       &e) < 0)
			service_warn(s, m, &e);
	}
}

void service_unwatch(struct service *s)
{
	s->watch.member = NULL;
	probe_stop(&s->watch.probe);
	loop_timer_stop(&s->loop, &s->watch.watchdog);
	oom_close(&s->watch.oom);
	while (s->watch.n_stalls)
		stall_close(&s->watch.stalls[--s->watch.n_stalls]);
}

static void ask(struct service *s, const struct member *m)
{
	struct probe_target target = service_probe_target(s, m);

	s->watch.probe.is_shared = is_shared;
	if (s->policy->probe.kind != PROBE_NONE)
		probe_start(&s->watch.probe, &s->loop, &s->policy->probe, &target, on_probe);
}

void service_watch_released(struct service *s, struct member *m)
{
	service_unwatch(s);
	s->watch.member = m;
	s->watch.watchdog_ns = m->watchdog_usec >= 0 ? m->watchdog_usec * NS_PER_US :
						 s->policy->watchdog_ms * NS_PER_MS;
	watch_cgroup(s, m);
	ask(s, m);
}

void service_watch_stands_still(struct service *s)
{
	probe_stop(&s->watch.probe);
	loop_timer_stop(&s->loop, &s->watch.watchdog);
}

void service_watch_goes_on(struct service *s)
{
	if (!s->watch.member)
		return;
	ask(s, s->watch.member);
	if (s->watch.member->index == s->machine.active)
		feed_watchdog(s);
}

/* Why a signal ended it: the OOM killer's is not just any. */
enum machine_cause service_exit_cause(struct service *s, struct member *m)
{
	if (s->watch.member == m && m->exit_status == 128 + 9 && !m->killed && oom_kills(&s->watch.oom) > 0)
		return CAUSE_OOM;
	return CAUSE_SIGNAL;
}

/* -- sd_notify(3) ---------------------------------------------------------------------------- */

static void take_timeouts(struct service *s, struct member *m, const struct notify_message *msg)
{
	struct timer *ready = &m->timers[TIMER_READY].timer;

	if (msg->watchdog_usec >= 0) {
		m->watchdog_usec = msg->watchdog_usec;
		if (m == s->watch.member)
			s->watch.watchdog_ns = msg->watchdog_usec * NS_PER_US;
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
		unhealthy(s, m, CAUSE_WATCHDOG, "WATCHDOG=trigger");
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
		service_fds_hung(s, m);
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
		service_store_fds(s, m, msg);
	if (msg->fdstore_remove && msg->fdname)
		service_unstore_fds(s, msg->fdname);
	take_timeouts(s, m, msg);
	if (msg->ready && s->policy->ready_notify)
		member_tell(m, EVENT_READY, CAUSE_NONE, 0);
	if (msg->watchdog_trigger && is_active)
		unhealthy(s, m, CAUSE_WATCHDOG, "WATCHDOG=trigger");
	else if (is_active && m == s->watch.member && (msg->watchdog || msg->watchdog_usec > 0))
		feed_watchdog(s);
}

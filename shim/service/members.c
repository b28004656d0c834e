/* SPDX-License-Identifier: Apache-2.0 */
/* service/members: all members together: which of them is at work, and what is left when none is. And where events go. */
#include <sys/wait.h>

#include "base/clock.h"
#include "base/err.h"
#include "service/parts.h"

void service_event(struct service *s, const struct machine_event *ev)
{
	s->take_event(s, ev);
}

static bool is_success(const struct policy *p, int status)
{
	for (unsigned i = 0; i < p->n_success; i++)
		if (p->success[i] == status)
			return true;
	return false;
}

void service_tell_exit(struct service *s, int member, enum machine_cause cause, int status)
{
	struct machine_event ev = { .type = EVENT_EXITED, .member = member, .cause = cause, .status = status,
				    .clean = is_success(s->policy, status) };

	service_event(s, &ev);
}

static bool is_building(const struct service *s)
{
	for (int i = 0; i < s->machine.n_members; i++)
		if (worker_is_busy(&s->members[i].worker))
			return true;
	return false;
}

/* Of the service's own, which collects it. */
static bool is_workers(const struct service *s, pid_t pid)
{
	return s->poststart.worker.pid == pid || s->callouts.pid == pid || s->heat.told.pid == pid ||
	       s->heat.reclaim.worker.pid == pid;
}

/* Orphans of members, and the stages of workers; our own members and workers have their pidfds watched. While a
 * member is built its init is a child of ours that only the builder knows, and still looks at. */
void service_reap(struct service *s)
{
	siginfo_t info;

	while (!is_building(s)) {
		info.si_pid = 0;
		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || !info.si_pid)
			return;
		for (int i = 0; i < s->machine.n_members; i++)
			if (s->members[i].pid == info.si_pid || s->members[i].worker.pid == info.si_pid)
				return; /* the next SIGCHLD, or its own event, comes back here */
		if (is_workers(s, info.si_pid) || probe_owns(&s->watch.probe, info.si_pid))
			return;
		waitid(P_PID, (id_t)info.si_pid, &info, WEXITED | WNOHANG);
	}
}

/* For the first answers of the member that takes over: a server of Node that has been ready has given them by then. */
#define LULL_NS (40 * NS_PER_MS)

static void on_lull_over(struct timer *t)
{
	service_resume_members(LOOP_OWNER(t, struct service, takeovers.lull));
}

void service_lull_begin(struct service *s)
{
	if (s->takeovers.failed_ns)
		loop_timer(&s->loop, &s->takeovers.lull, LULL_NS, on_lull_over);
}

void service_lull_end(struct service *s)
{
	if (!s->takeovers.lull.armed)
		return;
	loop_timer_stop(&s->loop, &s->takeovers.lull);
	service_resume_members(s);
}

void service_resume_members(struct service *s)
{
	if (service_is_taking_over(s))
		return;
	for (int i = 0; i < s->machine.n_members; i++)
		member_resume(&s->members[i]);
}

bool service_is_taking_over(const struct service *s)
{
	if (s->takeovers.lull.armed)
		return true;
	for (int i = 0; i < s->machine.n_members; i++)
		if (member_is_taking_over(&s->members[i]))
			return true;
	return false;
}

/* The loop ends when nothing is left to be undone. */
void service_settle(struct service *s)
{
	if (!s->outcome.ended || worker_is_busy(&s->poststart.worker))
		return;
	for (int i = 0; i < s->machine.n_members; i++)
		if (!member_is_idle(&s->members[i]))
			return;
	loop_stop(&s->loop);
}

void service_failure_seen(struct service *s, struct member *m, long long now_ns)
{
	if (m->index == s->machine.active && !m->killed)
		takeovers_begin(&s->takeovers, m, now_ns);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* service/ctl: what can be asked of a running shim: status, failover, upgrade, stop, kill (ctl.h). */
#include <string.h>

#include "base/err.h"
#include "service/parts.h"
#include "service/replace.h"

/* -- who waits for the end of what it asked for ------------------------------------------------ */

static bool is_steady(const struct service *s)
{
	return s->machine.state == SERVICE_ACTIVE || s->machine.state == SERVICE_DEGRADED;
}

static void wait_for_switch(struct service *s, struct ctl_connection *c, const struct ctl_request *q)
{
	if (!q->wait) {
		service_answer_status(s, c);
		return;
	}
	s->waiters.switcher = c;
}

/* -- requests -------------------------------------------------------------------------------- */

static int find_member(const struct service *s, const char *name)
{
	for (int i = 0; i < s->machine.n_members; i++)
		if (!strcmp(s->members[i].name, name))
			return i;
	return -1;
}

static void do_failover(struct service *s, struct ctl_connection *c, const struct ctl_request *q)
{
	struct machine_event ev = { .type = EVENT_SWITCH, .member = -1, .cause = CAUSE_MANUAL,
				    .overlap = q->overlap };
	struct err e = ERR_INIT;

	if (q->to && (ev.member = find_member(s, q->to)) < 0) {
		ctl_refuse_why(c, ENOENT, "there is no member of that name");
		return;
	}
	if (q->to && ev.member == s->machine.active && machine_is_steady(&s->machine)) {
		ctl_refuse_why(c, EALREADY, "that member is the active one");
		return;
	}
	if (s->machine.n_members < 2 && !machine_is_waiting(&s->machine)) {
		ctl_refuse_why(c, ENOENT, "the service has no standby");
		return;
	}
	if (q->overlap && !service_can_overlap(s)) {
		ctl_refuse_why(c, EINVAL, "--overlap: both members could answer the probe of --ready probe");
		return;
	}
	if (service_may_switch(s, &e) < 0) {
		ctl_refuse(c, &e);
		return;
	}
	s->waiters.was_active = is_steady(s) ? s->machine.active : -1;
	wait_for_switch(s, c, q);
	if (s->machine.active >= 0)
		takeovers_begin(&s->takeovers, &s->members[s->machine.active], loop_now_ns());
	service_event(s, &ev);
	if (is_steady(s) && s->machine.active == s->waiters.was_active)
		takeovers_forget(&s->takeovers);
	if (s->waiters.switcher == c && is_steady(s) && s->machine.active == s->waiters.was_active &&
	    !s->machine.overlap && s->machine.target < 0) {
		s->waiters.switcher = NULL;
		ctl_refuse_why(c, EAGAIN, "no other member can be switched to now");
	}
}

static void do_stop(struct service *s, struct ctl_connection *c, const struct ctl_request *q)
{
	service_stop(s, q->signal);
	service_answer_status(s, c);
}

static void do_kill(struct service *s, struct ctl_connection *c, const struct ctl_request *q)
{
	struct err e = ERR_INIT;

	if (service_kill(s, q->signal, &e) < 0)
		ctl_refuse(c, &e);
	else
		service_answer_status(s, c);
}

/* Whoever serves next is the answer: the same one, restarted, or another. */
static void do_fail(struct service *s, struct ctl_connection *c, const struct ctl_request *q)
{
	struct err e = ERR_INIT;

	if (s->waiters.switcher)
		ctl_refuse_why(c, EBUSY, "a switch is under way");
	else if (service_fail(s, &e) < 0)
		ctl_refuse(c, &e);
	else {
		s->waiters.was_active = -1;
		wait_for_switch(s, c, q);
	}
}

static void do_start(struct service *s, struct ctl_connection *c, const struct ctl_request *q)
{
	(void)q;
	if (!s->hold.is_on || !s->hold.was_created || s->outcome.ended) {
		ctl_refuse_why(c, EINVAL, "cannot start an already running container");
		return;
	}
	s->waiters.starter = c;
	service_hold_start(s);
}

static void do_status(struct service *s, struct ctl_connection *c, const struct ctl_request *q)
{
	(void)q;
	service_answer_status(s, c);
}

static void (*const commands[CTL_COMMANDS])(struct service *s, struct ctl_connection *c,
					    const struct ctl_request *q) = {
	[CTL_STATUS] = do_status, [CTL_FAILOVER] = do_failover, [CTL_UPGRADE] = upgrade_begin,
	[CTL_STOP] = do_stop,	  [CTL_KILL] = do_kill,		[CTL_START] = do_start,
	[CTL_FAIL] = do_fail,	  [CTL_REPLACE] = replace_begin,
};

static void ctl_handle(struct ctl *ctl, struct ctl_connection *c, const struct ctl_request *q)
{
	struct service *s = LOOP_OWNER(ctl, struct service, ctl);

	if (commands[q->command])
		commands[q->command](s, c, q);
	else
		ctl_refuse_why(c, ENOTSUP, "not a request of this version");
}

static void gone(struct ctl *ctl, struct ctl_connection *c)
{
	struct service *s = LOOP_OWNER(ctl, struct service, ctl);

	if (s->waiters.switcher == c)
		s->waiters.switcher = NULL;
	if (s->waiters.starter == c)
		s->waiters.starter = NULL;
	if (s->upgrading.c == c)
		s->upgrading.c = NULL;
}

int service_listen_ctl(struct service *s, struct err *e)
{
	s->ctl.handle = ctl_handle;
	s->ctl.gone = gone;
	return ctl_open(&s->ctl, &s->loop, s->container.dir_fd, e);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * service/signal: what a signal means that is for a service. It goes to the active program; an end is meant by TERM,
 * KILL and the policy's stop signal alone, and of a foreground `hart run` by what a terminal sends its group as well.
 */
#include <signal.h>

#include "base/err.h"
#include "service/parts.h"

static bool means_stop(const struct service *s, int sig)
{
	return sig == SIGTERM || sig == SIGKILL || sig == s->policy->stop_signal;
}

/* While nobody serves, a standby is built in the place of the last one; no signal is meant for that. */
struct member *service_who_serves(struct service *s)
{
	int i = s->hold.is_on ? 0 : s->machine.active;

	if (i < 0 || (!s->hold.is_on && !s->machine.members[i].ran))
		return NULL;
	return &s->members[i];
}

static struct member *who_can_be_reached(struct service *s)
{
	struct member *m = service_who_serves(s);

	return m && member_exists(m) ? m : NULL;
}

static int signal_nobody_serves(struct err *e)
{
	return err_msg(e, ESRCH, "no member serves at the moment: see hart status");
}

void service_stop(struct service *s, int sig)
{
	struct machine_event ev = { .type = EVENT_STOP, .member = -1, .cause = CAUSE_STOP,
				    .status = sig ? sig : s->policy->stop_signal };

	pause_end(&s->pause);
	/* Asked again, or in haste. */
	if (s->machine.state == SERVICE_STOPPING)
		ev.status = SIGKILL;
	service_event(s, &ev);
}

int service_kill(struct service *s, int sig, struct err *e)
{
	struct member *m = who_can_be_reached(s);

	if (!sig)
		return s->outcome.ended ? err_msg(e, ESRCH, "the service has ended") : 0;
	if (means_stop(s, sig)) {
		service_stop(s, sig);
		return 0;
	}
	if (!m)
		return signal_nobody_serves(e);
	member_signal(m, sig);
	return 0;
}

void service_signalled(struct service *s, int sig)
{
	struct err nobody;

	if (s->made.foreground && (sig == SIGINT || sig == SIGHUP))
		service_stop(s, sig);
	else
		service_kill(s, sig, &nobody);
}

int service_fail(struct service *s, struct err *e)
{
	struct member *m = who_can_be_reached(s);

	if (!m || s->hold.is_on || s->machine.state == SERVICE_STOPPING)
		return signal_nobody_serves(e);
	/* Its end comes as that of any other, by its pidfd. */
	member_signal(m, SIGKILL);
	return 0;
}

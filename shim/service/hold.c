/* SPDX-License-Identifier: Apache-2.0 */
/* service/hold: a service that an engine makes in two steps: `create` builds the primary up to its gate, `start`
 * begins. Until then the machine knows nothing of it. */

#include "base/err.h"
#include "base/fd.h"
#include "service/parts.h"

/* Only an engine that calls the command line needs a process that stands for the service. */
void service_hold_begin(struct service *s)
{
	if (s->ends.notes_fd < 0 && service_standin_begin(s, &s->outcome.failure) < 0) {
		s->outcome.ended = true;
		loop_stop(&s->loop);
		return;
	}
	member_build(&s->members[0]);
}

/* -- created, started ------------------------------------------------------------------------ */

static void hold_created(struct service *s)
{
	struct err e = ERR_INIT;

	s->hold.was_created = true;
	if (service_save(s, &e) < 0)
		service_warn(s, NULL, &e);
	service_note(s, s->members[0].pid);
	service_tell_ready(s);
}

/* It ended before it began. */
static void hold_give_up(struct service *s, const struct machine_event *ev)
{
	struct member *m = &s->members[0];

	s->outcome.ended = true;
	s->outcome.status = ev->type == EVENT_EXITED ? ev->status : 1;
	if (!s->hold.was_created && !s->outcome.failure.code)
		err_msg(&s->outcome.failure, EIO, "%s", m->why[0] ? m->why : "the primary ended while it was being created");
	if (ev->type == EVENT_EXITED)
		member_discard(m);
	service_settle(s);
}

static void hold_built(struct service *s)
{
	if (!service_has_standin(s)) {
		hold_created(s);
	} else if (service_standin_enter(s, hold_created, &s->outcome.failure) < 0) {
		member_kill(&s->members[0]); /* its end follows */
	}
}

void service_hold_event(struct service *s, const struct machine_event *ev)
{
	if (s->outcome.ended)
		return;
	if (ev->type == EVENT_BUILT)
		hold_built(s);
	else if (ev->type == EVENT_BUILD_FAILED || ev->type == EVENT_EXITED)
		hold_give_up(s, ev);
	else if (ev->type == EVENT_STOP)
		member_kill(&s->members[0]); /* its end follows */
}

void service_hold_start(struct service *s)
{
	struct machine_event start = { .type = EVENT_START, .member = 0, .cause = CAUSE_START };

	if (service_has_standin(s))
		service_standin_started(s);
	s->hold.is_on = false;
	s->take_event = service_decide;
	s->container.state->started = true;
	service_save_soon(s);
	service_event(s, &start);
}

/* service/hold: a service that an engine makes in two steps: `create` builds the primary up to its gate, `start`
 * begins. Until then the machine knows nothing of it. */

#include "base/arena.h"
#include "base/err.h"
#include "base/fd.h"
#include "service/parts.h"

void service_hold_begin(struct service *s)
{
	member_build(&s->members[0]);
}

/* -- the engine's statistics ----------------------------------------------------------------- */

static int enter_service_cgroup(struct service *s, struct err *e)
{
	struct cgroup own = CGROUP_INIT;
	char *path;
	int r = cgroup_path_of(&s->container.arena, 0, &path, e);

	if (r >= 0)
		r = cgroup_open(&s->home, path, e);
	if (r >= 0)
		r = cgroup_open(&own, s->container.state->cgroup, e);
	if (r >= 0)
		r = cgroup_enter_above(&own, 0, e);
	if (r < 0)
		cgroup_close(&s->home);
	cgroup_close(&own);
	return r;
}

static int leave_service_cgroup(struct service *s, struct err *e)
{
	struct cgroup primary = CGROUP_INIT;
	char *path = arena_printf(&s->container.arena, "%s/%s", s->container.state->cgroup, s->members[0].name);
	int r = path ? cgroup_enter(&s->home, 0, e) : err_set(e, ENOMEM, "leave the service's cgroup");

	if (r >= 0)
		r = cgroup_open(&primary, path, e);
	if (r >= 0)
		r = cgroup_enable(&primary, 0, e);
	cgroup_close(&primary);
	cgroup_close(&s->home);
	return r;
}

/*
 * An engine looks once, when create has returned, in which cgroup the process of the pid file is, and counts what
 * is used there and below. A cgroup with a process of its own gives those below no controllers: so until start
 * alone. Without it the engine shows the wrong numbers, and that is all.
 */
static void show_cgroup(struct service *s)
{
	struct err e = ERR_INIT;

	if (enter_service_cgroup(s, &e) < 0)
		service_warn(s, NULL, &e);
}

void service_hold_end(struct service *s)
{
	struct err e = ERR_INIT;

	if (s->home.fd >= 0 && leave_service_cgroup(s, &e) < 0)
		service_warn(s, NULL, &e);
}

/* -- created, started ------------------------------------------------------------------------ */

static void is_created(struct service *s)
{
	struct err e = ERR_INIT;

	s->was_created = true;
	if (s->ends.notes_fd < 0)
		show_cgroup(s);
	if (service_save(s, &e) < 0)
		service_warn(s, NULL, &e);
	service_note(s, s->members[0].pid);
	service_tell_ready(s);
}

/* It ended before it began. */
static void give_up(struct service *s, const struct machine_event *ev)
{
	struct member *m = &s->members[0];

	s->ended = true;
	s->status = ev->type == EVENT_EXITED ? ev->status : 1;
	if (!s->was_created)
		err_msg(&s->failure, EIO, "%s", m->why[0] ? m->why : "the primary ended while it was made");
	if (ev->type == EVENT_EXITED)
		member_discard(m);
	service_settle(s);
}

void service_hold_event(struct service *s, const struct machine_event *ev)
{
	if (s->ended)
		return;
	if (ev->type == EVENT_BUILT)
		is_created(s);
	else if (ev->type == EVENT_BUILD_FAILED || ev->type == EVENT_EXITED)
		give_up(s, ev);
	else if (ev->type == EVENT_STOP)
		member_kill(&s->members[0]); /* its end follows */
}

void service_hold_start(struct service *s)
{
	struct machine_event start = { .type = EVENT_START, .member = 0, .cause = CAUSE_START };

	service_hold_end(s);
	s->held = false;
	s->take_event = service_decide;
	s->container.state->started = true;
	service_save_soon(s);
	service_event(s, &start);
}

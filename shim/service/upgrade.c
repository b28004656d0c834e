/* SPDX-License-Identifier: Apache-2.0 */
/* service/upgrade: see upgrade.h. */
#include "service/upgrade.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/path.h"
#include "service/parts.h"

/* -- any switch ------------------------------------------------------------------------------- */

int service_may_switch(struct service *s, struct err *e)
{
	if (pause_is_on(&s->pause))
		return err_msg(e, EBUSY, "the service is paused: hart resume lets it go on");
	if (!machine_may_switch(&s->machine) || s->waiters.switcher)
		return err_msg(e, EBUSY, "a switch is under way");
	return 0;
}

bool service_can_overlap(const struct service *s)
{
	const struct policy *p = s->policy;

	if (!p->machine.wants_ready || p->ready_notify)
		return true;
	if (p->probe_is_own)
		return true;
	if (p->probe.kind == PROBE_EXEC || (p->n_ports && p->probe.kind != PROBE_UNIX))
		return false;
	for (unsigned i = 0; i < p->n_listen; i++)
		if (p->probe.kind == PROBE_UNIX ? p->listen[i].kind == LISTEN_UNIX :
						  p->listen[i].port == p->probe.port)
			return false;
	return true;
}

/* -- the beginning ---------------------------------------------------------------------------- */

/* One that is gone may still be on its way out. */
static int find_place(const struct service *s)
{
	int i;

	for (int nth = 0; (i = machine_free_place(&s->machine, nth)) >= 0; nth++)
		if (i == s->machine.n_members || member_is_idle(&s->members[i]))
			break;
	return i;
}

/* *ret_dir: the bundle as it is now, without links that could lead elsewhere later. */
static int check(struct service *s, struct arena *a, const char *bundle, int place, char **ret_dir, struct err *e)
{
	struct stat st;

	if (place < 0)
		return err_msg(e, ENOSPC, "the service has as many members as it can have (%d)", MACHINE_MEMBERS_MAX);
	if (path_real(a, bundle, false, ret_dir) < 0 || stat(*ret_dir, &st) < 0 || !S_ISDIR(st.st_mode))
		return err_msg(e, ENOENT, "the new bundle %s is not there", bundle);
	return service_may_switch(s, e);
}

static int add_member(struct service *s, int i, const char *bundle, struct err *e)
{
	struct member *m = &s->members[i];
	char name[MEMBER_NAME_MAX];
	char *dir = strdup(bundle);

	if (!dir)
		return err_set(e, ENOMEM, "add a member");
	snprintf(name, sizeof name, "upgrade-%u", ++s->upgrading.n);
	if (i < s->machine.n_members)
		member_finish(m);
	member_init(m, &s->common, s, i, name);
	m->is_upgrade = true;
	m->dir = dir;
	return 0;
}

/* The one before is good enough to build upon. */
static void answer_the_one_before(struct service *s)
{
	struct ctl_connection *c = s->upgrading.c;

	s->upgrading.c = NULL;
	if (c)
		service_answer_status(s, c);
}

void upgrade_begin(struct service *s, struct ctl_connection *c, const struct ctl_request *q)
{
	int i = find_place(s);
	struct machine_event ev = { .type = EVENT_ADD, .member = i, .cause = CAUSE_UPGRADE,
				    .overlap = !q->stop_first && service_can_overlap(s) };
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct err e = ERR_INIT;
	char *dir;

	if (check(s, &a, q->bundle, i, &dir, &e) < 0 || add_member(s, i, dir, &e) < 0) {
		ctl_refuse(c, &e);
		return;
	}
	answer_the_one_before(s);
	s->upgrading = (struct upgrading){ .n = s->upgrading.n, .member = i, .until_it_stays = q->stay,
					   .c = q->wait ? c : NULL };
	if (!q->wait)
		service_answer_status(s, c);
	service_event(s, &ev);
	if (service_save_plan(s, &e) < 0)
		service_warn(s, NULL, &e);
}

/* -- what became of it ------------------------------------------------------------------------ */

void upgrade_note(struct service *s, const struct machine_action *a)
{
	struct upgrading *u = &s->upgrading;
	const struct member *m = &s->members[u->member];
	char what[64];

	if (!u->c || u->why[0] || a->member != u->member || !machine_cause_is_failure(a->cause))
		return;
	machine_cause_describe(a->cause, a->status, what, sizeof what);
	if (a->cause == CAUSE_READY_TIMEOUT)
		snprintf(u->why, sizeof u->why, "not ready within %lld ms (--ready-timeout)",
			 s->policy->machine.ready_timeout_ms);
	else if (machine_cause_has_status(a->cause) || !m->why[0])
		snprintf(u->why, sizeof u->why, "%s", what);
	else
		snprintf(u->why, sizeof u->why, "%s: %s", what, m->why);
}

static void say_failed(struct service *s, struct ctl_connection *c)
{
	const struct upgrading *u = &s->upgrading;
	int active = s->machine.active;
	struct err e = ERR_INIT;

	if (machine_is_steady(&s->machine))
		err_msg(&e, EIO, "%s failed: %s; %s serves", s->members[u->member].name,
			u->why[0] ? u->why : "the active member failed before it was there", s->members[active].name);
	else
		err_msg(&e, EIO, "%s failed: %s; nobody serves at the moment: see hart status",
			s->members[u->member].name, u->why);
	ctl_refuse(c, &e);
}

static void say_replaced(struct service *s, struct ctl_connection *c)
{
	struct err e = ERR_INIT;

	err_msg(&e, ECANCELED, "%s was switched away from; %s serves", s->members[s->upgrading.member].name,
		s->members[s->machine.active].name);
	ctl_refuse(c, &e);
}

static bool is_proven(const struct service *s)
{
	const struct machine *m = &s->machine;
	int i = s->upgrading.member;

	if (m->upgraded != i)
		return true;
	return !s->upgrading.until_it_stays && !(m->members[i].armed & 1U << TIMER_HEALTHY);
}

/* Whoever is to be told who serves waits until somebody does, or that takes its time. */
void upgrade_look(struct service *s)
{
	const struct machine *m = &s->machine;
	struct ctl_connection *c = s->upgrading.c;
	const struct machine_member *mm = &m->members[s->upgrading.member];
	bool failed = mm->retired || mm->state == MEMBER_GONE;
	struct err e = ERR_INIT;

	if (!c)
		return;
	if (!machine_is_over(m) && !machine_is_steady(m) && !(failed && machine_is_waiting(m)))
		return;
	if (machine_is_steady(m) && !failed && m->active == s->upgrading.member && !is_proven(s))
		return;
	s->upgrading.c = NULL;
	if (machine_is_over(m)) {
		err_msg(&e, ECANCELED, "the service has ended");
		ctl_refuse(c, &e);
	} else if (failed) {
		say_failed(s, c);
	} else if (m->active != s->upgrading.member) {
		say_replaced(s, c);
	} else {
		service_answer_status(s, c);
	}
}

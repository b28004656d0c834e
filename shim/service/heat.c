/* SPDX-License-Identifier: Apache-2.0 */
/* heat: see service/heat.h. */
#include "service/heat.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/io.h"
#include "container.h"
#include "handover.h"
#include "service/env.h"
#include "service/generation.h"
#include "service/heat_mark.h"
#include "service/parts.h"
#include "service/probe_target.h"
#include "service/standby_probe.h"

void service_set_modes(struct service *s)
{
	const struct policy *p = s->policy;

	for (unsigned i = 0; i < p->n_standbys; i++)
		if (p->standby_modes[i] != POLICY_MODE_DEFAULT)
			machine_set_mode(&s->machine, (int)i + 1, (enum machine_mode)p->standby_modes[i]);
}

/* -- freezing -------------------------------------------------------------------------------- */

static void stop_watching(struct service *s, const struct member *m)
{
	loop_timer_stop(&s->loop, &s->heat.watchdogs[m->index].timer);
	standby_probe_stop(s->heat.probes[m->index]);
	reclaim_stop(&s->heat.reclaim, m);
}

static int set_frozen(const struct member *m, bool frozen, struct err *e)
{
	int r = m->cgroup_fd < 0 ? err_msg(e, ENOENT, "it has no cgroup")
				 : io_write_at(m->cgroup_fd, "cgroup.freeze", frozen ? "1" : "0", 1, e);

	return r < 0 ? err_in(e, "%s %s", frozen ? "freeze" : "thaw", m->name) : 0;
}

void heat_freeze(struct service *s, struct member *m)
{
	struct err e = ERR_INIT;

	stop_watching(s, m);
	if (set_frozen(m, true, &e) >= 0) {
		if (s->policy->reclaim)
			reclaim_begin(&s->heat.reclaim, m);
		return;
	}
	/* One that works on is not what was asked for. */
	member_why(m, e.text);
	member_tell(m, EVENT_UNHEALTHY, CAUSE_EXEC, 0);
}

/* -- as a standby ---------------------------------------------------------------------------- */

static void on_watchdog(struct timer *t)
{
	struct member *m = LOOP_OWNER(t, struct standby_watchdog, timer)->member;

	if (pause_is_on(&m->service->pause))
		return; /* it begins anew when the service goes on */
	member_why(m, "no WATCHDOG=1 in time");
	member_tell(m, EVENT_UNHEALTHY, CAUSE_WATCHDOG, 0);
}

void heat_feed(struct service *s, struct member *m)
{
	struct standby_watchdog *w = &s->heat.watchdogs[m->index];
	long long ns = m->watchdog_usec >= 0 ? m->watchdog_usec * NS_PER_US : s->policy->watchdog_ms * NS_PER_MS;

	w->member = m;
	if (ns)
		loop_timer(&s->loop, &w->timer, ns, on_watchdog);
}

static void write_ready(struct service *s, const struct member *m)
{
	struct err e = ERR_INIT;

	if (heat_mark_ready(s->container.dir_fd, m->name, &e) < 0)
		service_warn(s, NULL, &e);
}

static void became_ready(struct service *s, struct member *m)
{
	write_ready(s, m);
	heat_feed(s, m);
	member_tell(m, EVENT_READY, CAUSE_NONE, 0);
}

void heat_says_ready(struct service *s, struct member *m)
{
	if (m->is_standby && s->machine.members[m->index].state == MEMBER_HEATING)
		became_ready(s, m);
}

static bool probe_makes_ready(const struct service *s)
{
	return s->policy->machine.wants_ready && !s->policy->ready_notify && s->policy->probe_is_own;
}

static void on_answer(struct member *m)
{
	if (probe_makes_ready(m->service))
		heat_says_ready(m->service, m);
}

static void on_probe_failure(struct member *m, const char *why)
{
	struct service *s = m->service;

	if (s->machine.members[m->index].state != MEMBER_HOT || pause_is_on(&s->pause))
		return;
	member_why(m, why);
	member_tell(m, EVENT_UNHEALTHY, CAUSE_PROBE, 0);
}

/* Where a probe can tell it from the others. */
static void start_probe(struct service *s, struct member *m)
{
	static const struct standby_probe_owner owner = { .answers = on_answer, .fails = on_probe_failure };
	struct probe_target target = probe_target_of(m);
	struct err e = ERR_INIT;

	if (s->policy->probe_is_own && standby_probe_start(&s->heat.probes[m->index], &s->loop, &s->policy->probe, &target,
							   m, &owner, &e) < 0)
		service_warn(s, m, &e);
}

static unsigned active_addresses(const struct service *s)
{
	return s->machine.active < 0 ? 0 : s->heat.addresses[s->machine.active];
}

/* As many as the one that serves, which has had its time to open them. */
static bool listens_on_all(const struct service *s, const struct member *m)
{
	unsigned n = s->heat.addresses[m->index], wanted = active_addresses(s);

	return n && n >= wanted;
}

void heat_listens(struct service *s, struct member *m, unsigned addresses)
{
	s->heat.addresses[m->index] = addresses;
	if (!m->is_standby && !s->policy->machine.wants_ready && listens_on_all(s, m))
		member_tell(m, EVENT_READY, CAUSE_NONE, 0);
	if (!s->policy->ready_notify && !probe_makes_ready(s) && listens_on_all(s, m))
		heat_says_ready(s, m);
}

void heat_needs_no_port(struct service *s, struct member *m)
{
	if (!active_addresses(s))
		member_tell(m, EVENT_READY, CAUSE_NONE, 0);
}

static int let_run(struct service *s, struct member *m, struct err *e)
{
	size_t len = 0;
	int fds[FDSET_MAX];
	struct handover h = { .fds = fds, .env = s->env };
	int r = heat_mark(s->container.dir_fd, m->name, e);

	if (r >= 0)
		r = own_sockets_make(&s->own_sockets, m, s->shared.held.fd[OCI_NS_NETWORK], e);
	const struct env_facts facts = { .id = s->id, .member = m->name, .watchdog_ms = s->policy->watchdog_ms,
					 .fds = &s->store.set, .n_fds = own_sockets_count(&s->own_sockets) };
	if (r >= 0)
		r = env_write(&facts, s->env, sizeof s->env, &len, e);
	if (r < 0)
		return r;
	for (unsigned i = 0; i < facts.n_fds; i++)
		fds[h.n_fds++] = own_sockets_fd(&s->own_sockets, m, i, &s->store.set);
	h.env_len = len;
	m->is_standby = true;
	r = member_release(m, &h, e);
	own_sockets_drop(&s->own_sockets, m);
	return r;
}

void heat_start(struct service *s, struct member *m)
{
	struct err e = ERR_INIT;

	s->heat.addresses[m->index] = 0;
	if (let_run(s, m, &e) >= 0)
		return;
	member_why(m, e.text);
	member_tell(m, EVENT_RELEASE_FAILED, CAUSE_EXEC, 0);
}

void heat_released(struct service *s, struct member *m)
{
	if (!s->policy->machine.heat_wants_ready)
		write_ready(s, m);
	start_probe(s, m);
}

void heat_stands_still(struct service *s)
{
	for (int i = 0; i < s->machine.n_members; i++)
		stop_watching(s, &s->members[i]);
}

void heat_goes_on(struct service *s)
{
	for (int i = 0; i < s->machine.n_members; i++) {
		struct member *m = &s->members[i];
		enum member_state state = s->machine.members[i].state;
		bool is_frozen = state == MEMBER_HOT && s->machine.members[i].mode == MODE_FROZEN;
		if (!m->is_standby || is_frozen)
			continue;
		if (state == MEMBER_HOT)
			heat_feed(s, m);
		start_probe(s, m);
	}
}

/* -- promoted -------------------------------------------------------------------------------- */

/* In a builder of its own, as a command of the member's. */
static int run_command(void *arg, struct err *e)
{
	const struct service *s = arg;
	const struct member *m = s->heat.telling;
	char generation[48], role[] = "HART_ROLE=active", name[sizeof "HART_MEMBER=" + MEMBER_NAME_MAX];
	char *env[] = { role, generation, name };
	struct exec_opts o = { .args = s->policy->on_promote, .env = env, .n_env = 3, .die_with_caller = true };
	struct container c;
	int status = 0;

	snprintf(generation, sizeof generation, "HART_GENERATION=%llu", (unsigned long long)s->generation);
	snprintf(name, sizeof name, "HART_MEMBER=%s", m->name);
	while (o.args[o.n_args])
		o.n_args++;
	int r = container_open((struct runtime *)&s->members_rt, m->name, &c, e);
	if (r >= 0)
		r = container_exec(&c, &o, &status, e);
	if (r >= 0 && status)
		r = err_msg(e, EIO, "it ended with status %d", status);
	return r < 0 ? err_in(e, "--on-promote") : 0;
}

static void serves(struct service *s, struct member *m)
{
	s->heat.promoted(s, m);
	heat_unmark(s->container.dir_fd, m->name);
}

static void on_told(struct worker *w, int result, const struct err *why)
{
	struct service *s = LOOP_OWNER(w, struct service, heat.told);
	struct member *m = s->heat.telling;

	s->heat.telling = NULL;
	if (!m || !m->generation || m->killed)
		return; /* it has ended meanwhile */
	if (result >= 0) {
		serves(s, m);
		return;
	}
	member_why(m, why->text);
	if (s->machine.members[m->index].state == MEMBER_RUNNING) /* adopted */
		member_tell(m, EVENT_UNHEALTHY, CAUSE_EXEC, 0);
	else
		member_tell(m, EVENT_RELEASE_FAILED, CAUSE_EXEC, 0);
}

static int tell_it(struct service *s, struct member *m, struct err *e)
{
	int *const keep[] = { &s->members_rt.root_fd, NULL };

	worker_stop(&s->heat.told);
	s->heat.telling = m;
	return worker_start(&s->heat.told, &s->loop, keep, run_command, s, on_told, e);
}

static int promote(struct service *s, struct member *m, struct err *e)
{
	int r = generation_next(&s->record, &s->generation, m->name, e);

	if (r < 0)
		return r;
	m->generation = s->generation;
	m->out.generation = m->err.generation = s->generation;
	stop_watching(s, m);
	if (s->machine.members[m->index].mode == MODE_FROZEN)
		r = set_frozen(m, false, e);
	if (r < 0)
		return r;
	m->is_standby = false;
	if (s->policy->on_promote)
		return tell_it(s, m, e);
	serves(s, m);
	return 0;
}

void heat_adopt_active(struct service *s, struct member *m)
{
	struct err e = ERR_INIT;

	if (heat_mark_of(s->container.dir_fd, m->name) == HEAT_NONE)
		return;
	int r = set_frozen(m, false, &e);
	if (r >= 0 && s->policy->on_promote)
		r = tell_it(s, m, &e);
	else if (r >= 0)
		heat_unmark(s->container.dir_fd, m->name);
	if (r < 0)
		service_warn(s, m, &e);
}

void heat_promote(struct service *s, struct member *m)
{
	struct err e = ERR_INIT;

	if (promote(s, m, &e) >= 0)
		return;
	member_why(m, e.text);
	member_tell(m, EVENT_RELEASE_FAILED, CAUSE_EXEC, 0);
}

/* -- its end --------------------------------------------------------------------------------- */

void heat_end(struct service *s, struct member *m)
{
	stop_watching(s, m);
	s->heat.addresses[m->index] = 0;
	if (s->heat.telling == m) {
		worker_stop(&s->heat.told);
		s->heat.telling = NULL;
	}
	m->is_standby = false;
	/* A fence makes no call for those that never run as a standby. */
	if (s->machine.members[m->index].mode == MODE_HOT || s->machine.members[m->index].mode == MODE_FROZEN)
		heat_unmark(s->container.dir_fd, m->name);
}

void heat_finish(struct service *s)
{
	worker_stop(&s->heat.told);
	worker_stop(&s->heat.reclaim.worker);
	for (int i = 0; i < MACHINE_MEMBERS_MAX; i++) {
		standby_probe_finish(&s->heat.probes[i]);
		loop_timer_stop(&s->loop, &s->heat.watchdogs[i].timer);
	}
}

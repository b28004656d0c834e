/* SPDX-License-Identifier: Apache-2.0 */
/*
 * adopt: service_adopt of service/api.h: a fresh shim for members whose shim has died. What it needs is in the
 * folder (service.json, generation, standing) and in the members themselves (adopt_members.c).
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/durable.h"
#include "base/err.h"
#include "base/fd.h"
#include "service/adopt_members.h"
#include "service/adopt_plan.h"
#include "service/generation.h"
#include "service/parts.h"
#include "service/replace.h"
#include "service/sockets.h"
#include "service/terms.h"
#include "service/terms_kept.h"

/* -- namespaces and sockets -------------------------------------------------------------------- */

/* Who has ended since has none that could be held. */
static int adopt_namespaces(struct service *s, struct err *e)
{
	for (int i = 0; i < s->machine.n_members; i++) {
		struct member *m = &s->members[i];
		struct pollfd end = { .fd = m->pidfd, .events = POLLIN };
		if (!member_exists(m))
			continue;
		if (shared_hold(&s->shared, m->pid, m->pidfd, m->gate_fd, m->private_namespaces, e) < 0 && poll(&end, 1, 0) <= 0)
			return -e->code;
		err_clear(e);
	}
	s->shared.renewing = s->shared.own & 1U << OCI_NS_NETWORK && s->shared.held.fd[OCI_NS_NETWORK] < 0;
	return 0;
}

/* -- all of it ------------------------------------------------------------------------------- */

static int adopt_load(struct service *s, struct plan *p, struct policy *policy, struct err *e)
{
	struct terms_kept kept;
	int r = terms_kept_read(&s->container, p, policy, &kept, e);

	if (r < 0)
		return r;
	for (size_t i = 0; i < kept.config->linux_->namespaces.n; i++)
		if (!kept.config->linux_->namespaces.v[i].path)
			s->shared.own |= 1U << kept.config->linux_->namespaces.v[i].type;
	s->made.create.overlay = p->overlay;
	s->made.create.no_pivot = p->no_pivot;
	s->made.create.no_new_keyring = p->no_new_keyring;
	r = terms_warnings(s->made.arena, &kept.config->annotations, &s->made.warnings, e);
	if (r < 0)
		return r;
	s->made.config_json = strndup(kept.json, kept.len);
	s->made.config_len = kept.len;
	s->made.bundle = strdup(p->bundle ? p->bundle : s->container.state->bundle);
	return s->made.config_json && s->made.bundle ? service_renew_cgroup(s, kept.config, e)
					   : err_set(e, ENOMEM, "keep the config");
}

int service_standing(struct container *c, struct standing *ret, struct err *e)
{
	return standing_read(c->dir_fd, ret, e);
}

static int init_members(struct service *s, const struct plan *p, struct err *e)
{
	struct machine *m = &s->machine;

	machine_init(m, &s->policy->machine, p->n_members, (uint32_t)loop_now_ns());
	service_set_modes(s);
	/* An upgrade that has not proved stable yet can still be taken back. */
	m->primary = plan_role(p, "primary") > 0 ? plan_role(p, "primary") : 0;
	m->upgraded = plan_role(p, "upgraded");
	m->replaced = plan_role(p, "replaced");
	for (int i = 0; i < p->n_members; i++) {
		const struct plan_member *pm = &p->members[i];
		unsigned number;
		member_init(&s->members[i], &s->common, s, i, pm->name);
		s->members[i].hooks_ran = true;
		m->members[i].retired = pm->gone;
		s->members[i].is_upgrade = sscanf(pm->name, "upgrade-%u", &number) == 1;
		if (s->members[i].is_upgrade && number > s->upgrading.n)
			s->upgrading.n = number;
		if (!*pm->dir)
			continue;
		s->members[i].dir = strdup(pm->dir);
		if (!s->members[i].dir)
			return err_set(e, ENOMEM, "keep the members");
	}
	return 0;
}

/* An end that had begun is not forgotten. */
static enum machine_cause stop_cause(const struct standing *st)
{
	static const enum machine_state ends[] = { SERVICE_STOPPING, SERVICE_COMPLETED, SERVICE_EXHAUSTED,
						   SERVICE_STOPPED };

	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		if (strcmp(st->to, machine_state_name(ends[i])) != 0)
			continue;
		if (!strcmp(st->cause, machine_cause_name(CAUSE_STOP)))
			return CAUSE_STOP;
		return !strcmp(st->cause, machine_cause_name(CAUSE_CLEAN_EXIT)) ? CAUSE_CLEAN_EXIT : CAUSE_BUDGET;
	}
	return CAUSE_NONE;
}

static bool is_of_this_boot(const struct service *s)
{
	const char *boot = s->container.state->boot_id;
	char boot_id[40];
	struct err ignored;

	return boot && statefile_boot_id(boot_id, &ignored) >= 0 && !strcmp(boot_id, boot);
}

static void restore_budget(struct service *s)
{
	const struct standing *st = &s->record.standing;
	unsigned first = st->n_failures > STANDING_FAILURES_MAX ? st->n_failures - STANDING_FAILURES_MAX : 0;

	for (unsigned i = first; i < st->n_failures; i++)
		machine_restore_failure(&s->machine, st->failures_ns[i % STANDING_FAILURES_MAX] / NS_PER_MS);
}

static void restore_pasts(struct service *s)
{
	for (int i = 0; i < s->machine.n_members; i++) {
		const struct standing_member *past = &s->record.standing.members[i];
		machine_restore_past(&s->machine, i, &(struct machine_member){
			.starts = { .began_ms = past->began_ms, .interval_ms = past->interval_ms },
			.restarts = past->restarts, .failed = past->failed });
	}
	s->machine.failures_in_a_row = s->record.standing.failures_in_a_row;
}

/* The budget and the members' pace go on where they were; another boot had another clock. */
static void restore_standing(struct service *s)
{
	s->adoption.stop_cause = stop_cause(&s->record.standing);
	s->poststart.has_run = s->record.standing.served || !*s->record.standing.to;
	if (!is_of_this_boot(s))
		return;
	restore_budget(s);
	restore_pasts(s);
}

/* Of the fd store: what members still have. */
static void take_fds_back(struct service *s)
{
	for (int i = 0; i < s->machine.n_members; i++) {
		struct member *m = &s->members[i];
		if (!member_exists(m) || !m->generation)
			continue;
		if (s->adoption.is_own)
			fdstore_keep(&s->store, m);
		else
			fdstore_take_back(&s->store, m);
	}
	fdstore_taken(&s->store);
}

static int adopt_network(struct service *s, struct err *e)
{
	int r = adopt_namespaces(s, e);

	/* Without a member the sockets come with the next one. */
	if (r < 0 || s->shared.renewing)
		return r;
	r = sockets_take(&s->shared, s->members, s->machine.n_members, e);
	if (r >= 0 && s->adoption.is_own)
		r = replace_take_store(s, e);
	if (r >= 0)
		take_fds_back(s);
	return r;
}

int service_take_up(struct service *s, struct err *e)
{
	struct plan *p = plan_new(s->made.arena);
	struct policy *policy = arena_alloc(s->made.arena, sizeof *policy);
	char last[MEMBER_NAME_MAX];
	int r;

	if (!p || !policy)
		return err_set(e, ENOMEM, "adopt the service");
	s->record.on_disk = durable_matters(s->container.dir_fd);
	r = adopt_load(s, p, policy, e);
	service_obey(s, policy);
	s->made.flags = p->flags;
	if (r >= 0)
		r = init_members(s, p, e);
	if (r >= 0)
		r = service_open_files(s, e);
	if (r >= 0)
		r = service_standin_adopt(s, e);
	if (r >= 0)
		r = generation_read(&s->record, &s->generation, last, sizeof last, e);
	if (r >= 0)
		restore_standing(s);
	if (r >= 0)
		r = adopt_members(s, last, e);
	return r < 0 ? r : adopt_network(s, e);
}

/* The first events of an adopted service. Who had its end while nobody looked is not told to serve first: others
 * would be built beside the next one. */
void service_begin_adopted(struct service *s)
{
	struct machine_event adopt = { .type = EVENT_ADOPT, .member = s->adoption.active, .cause = CAUSE_ADOPT };
	struct machine_event stop = { .type = EVENT_STOP, .member = -1, .cause = s->adoption.stop_cause,
				      .status = s->policy->stop_signal };
	struct member *m = s->adoption.active < 0 ? NULL : &s->members[s->adoption.active];
	bool has_ended = m && !member_exists(m);

	s->outcome.was_up = true;
	if (m && !has_ended)
		heat_adopt_active(s, m);
	heat_goes_on(s);
	if (s->adoption.stop_cause) {
		service_event(s, &stop);
		service_tell_ready(s); /* supervised it is; its end may take its time */
	} else if (!has_ended || s->machine.members[m->index].state != MEMBER_RUNNING) {
		service_event(s, &adopt);
	}
	if (!has_ended)
		return;
	member_why(m, "ended while nobody supervised it");
	service_tell_exit(s, m->index, CAUSE_UNKNOWN_EXIT, 255);
}

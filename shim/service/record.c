/* SPDX-License-Identifier: Apache-2.0 */
/* service/record: what is written down for people: transitions and warnings, in the order in which they happened. */
#include <string.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/io.h"
#include "base/log.h"
#include "service/parts.h"
#include "service/show.h"

void record_init(struct record *r)
{
	r->journal = JOURNAL_INIT;
	r->outlet = OUTLET_INIT;
	r->standing_fd = r->generation_fd = r->journal_dir_fd = r->log_dir_fd = r->log.fd = FD_NONE;
}

void record_finish(struct record *r)
{
	journal_close(&r->journal);
	outlet_close(&r->outlet);
	logfile_close(&r->log);
	fd_close(&r->journal_dir_fd);
	fd_close(&r->log_dir_fd);
	fd_close(&r->generation_fd);
	fd_close(&r->standing_fd);
}

void service_tell(struct service *s, const struct happening *what, struct journal_record *r)
{
	r->event = what->word;
	r->id = s->policy->journal ? s->id : NULL; /* others may write there as well */
	journal_write(&s->record.journal, r);
	for (unsigned i = 0; i < s->policy->n_outlets; i++)
		outlet_send(&s->record.outlet, s->policy->outlets[i].path, s->policy->outlets[i].with_fields, s->id, r);
	callout_queue(&s->callouts, what, r);
}

void service_callout_failed(struct service *s, const struct err *why)
{
	struct journal_record r = { .generation = s->generation, .status = -1, .text = why->text };

	service_tell(s, &happening_callout, &r);
	log_warn("%s: %s", s->id, why->text);
}

int record_replace_file(const struct record *r, int dir_fd, const char *name, const void *data, size_t len,
			struct err *e)
{
	return r->on_disk ? io_replace_durably_at(dir_fd, name, data, len, 0600, e)
			  : io_replace_at(dir_fd, name, data, len, 0600, e);
}

static const char *member_name(const struct service *s, int index)
{
	return index < 0 ? NULL : s->members[index].name;
}

static void write_transition(struct service *s, const struct transition *t)
{
	const struct machine_action *a = &t->action;
	struct journal_record r = {
		.generation = t->generation,
		.member = member_name(s, a->member),
		.from = machine_state_name(a->from),
		.to = machine_state_name(a->to),
		.cause = machine_cause_name(a->cause),
		.status = machine_cause_has_status(a->cause) ? a->status : -1,
		.text = t->why,
	};

	record_stands(&s->record, &s->machine, t, r.member, r.status);
	service_tell(s, t->what, &r);
	if (s->made.foreground)
		show_transition(s->id, t, r.member);
}

/* Behind the transition that ends it. */
static void write_takeovers(struct service *s)
{
	struct takeovers *all = &s->takeovers;

	for (; all->told < all->n; all->told++) {
		const struct takeover *t = &all->last[all->told % TAKEOVERS_KEPT];
		struct journal_record r = { .generation = t->generation, .member = t->to, .instead = t->from, .us = t->us,
					    .cause = machine_cause_name(t->cause), .status = -1 };
		service_tell(s, strcmp(t->from, t->to) ? &happening_takeover : &happening_restart, &r);
	}
}

void service_write_transitions(struct service *s)
{
	for (unsigned i = 0; i < s->record.n_transitions; i++)
		write_transition(s, &s->record.transitions[i]);
	if (s->record.n_transitions)
		manager_tell(&s->manager, &s->machine, member_name(s, s->machine.active), s->generation);
	s->record.n_transitions = 0;
	write_takeovers(s);
}

void service_warn(struct service *s, struct member *m, const struct err *why)
{
	struct journal_record r = { .generation = m ? m->generation : s->generation,
				    .member = m ? m->name : NULL, .status = -1, .text = why->text };

	service_write_transitions(s);
	service_tell(s, &happening_warning, &r);
	log_warn("%s: %s%s%s", s->id, m ? m->name : "", m ? ": " : "", why->text);
}

#define SAID_BURST 16
#define SAID_EVERY_NS 30000000000LL

/* A bucket that fills slowly: what is left out is counted, and told with the next. */
static bool may_say(struct member *m, long long now_ns)
{
	long long full = SAID_BURST * SAID_EVERY_NS;

	m->said_credit_ns += m->said_ns ? now_ns - m->said_ns : full;
	if (m->said_credit_ns > full)
		m->said_credit_ns = full;
	m->said_ns = now_ns;
	if (m->said_credit_ns < SAID_EVERY_NS) {
		m->unsaid++;
		return false;
	}
	m->said_credit_ns -= SAID_EVERY_NS;
	return true;
}

void service_warn_caused(struct service *s, struct member *m, const struct err *why)
{
	struct err all = *why;

	if (!may_say(m, loop_now_ns()))
		return;
	if (m->unsaid)
		err_in(&all, "%llu like it were left out before", (unsigned long long)m->unsaid);
	m->unsaid = 0;
	service_warn(s, m, &all);
}

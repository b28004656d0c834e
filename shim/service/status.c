/* SPDX-License-Identifier: Apache-2.0 */
/* service/status: what JSON `hart status` shows. */
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "json.h"
#include "service/figures.h"
#include "service/parts.h"

/* No number where there is no process: people kill what they find here. */
static void put_pid(struct json_out *o, const struct member *m)
{
	json_key(o, "pid");
	if (m && member_exists(m))
		json_i64(o, m->pid);
	else
		json_string(o, NULL);
}

/* What is left until it may be started, or built, again. */
static void put_waiting(struct json_out *o, const struct machine_member *mm)
{
	long long now_ms = loop_now_ns() / NS_PER_MS;

	if (mm->state != MEMBER_GONE && mm->state != MEMBER_RUNNING && pace_owes(&mm->starts, now_ms))
		json_put_i64(o, "startInMs", mm->starts.until_ms - now_ms);
	if (mm->state == MEMBER_QUARANTINED && pace_owes(&mm->builds, now_ms))
		json_put_i64(o, "buildInMs", mm->builds.until_ms - now_ms);
}

static void put_member(struct json_out *o, struct service *s, int i)
{
	const struct member *m = &s->members[i];
	const struct machine_member *mm = &s->machine.members[i];

	json_begin_object(o);
	json_put_string(o, "name", m->name);
	json_put_string(o, "bundle", m->dir ? m->dir : s->made.bundle);
	json_put_string(o, "state", machine_member_state_name(mm->state));
	put_pid(o, m);
	json_put_i64(o, "generation", (int64_t)m->generation);
	if (m->status[0])
		json_put_string(o, "status", m->status);
	if (m->why[0])
		json_put_string(o, "why", m->why);
	put_waiting(o, mm);
	json_end_object(o);
}

/* Nobody serves: whose time comes first, and what that time is about. */
static void put_wait(struct json_out *o, const struct service *s)
{
	long long now_ms = loop_now_ns() / NS_PER_MS, first_ms = 0;
	const struct machine *m = &s->machine;
	int first = -1;

	for (int i = 0; machine_is_waiting(m) && i < m->n_members; i++) {
		const struct machine_member *mm = &m->members[i];
		bool builds = mm->armed & 1U << TIMER_BACKOFF;
		long long ms = (builds ? mm->builds.until_ms : mm->starts.until_ms) - now_ms;
		if (!builds && !(mm->armed & 1U << TIMER_START))
			continue;
		if (first < 0 || ms < first_ms) {
			first = i;
			first_ms = ms > 0 ? ms : 0;
		}
	}
	if (first < 0)
		return;
	json_key(o, "waiting");
	json_begin_object(o);
	json_put_string(o, "member", s->members[first].name);
	json_put_i64(o, "ms", first_ms);
	json_put_string(o, "why", m->members[first].armed & 1U << TIMER_BACKOFF ?
					  "it could not be built: the next try is put off" :
					  "it failed soon after its start: the next one is put off");
	json_end_object(o);
}

static const char *name_of(void *arg, int member)
{
	const struct service *s = arg;

	return member < s->machine.n_members ? s->members[member].name : NULL;
}

static void put_takeovers(struct json_out *o, const struct takeovers *t)
{
	uint64_t n = t->n, kept = n < TAKEOVERS_KEPT ? n : TAKEOVERS_KEPT;
	char time[CLOCK_TEXT_SIZE];

	json_key(o, "takeovers");
	json_begin_array(o);
	for (uint64_t i = n - kept; i < n; i++) {
		const struct takeover *last = &t->last[i % TAKEOVERS_KEPT];
		json_begin_object(o);
		json_put_i64(o, "generation", (int64_t)last->generation);
		json_put_string(o, "from", last->from);
		json_put_string(o, "to", last->to);
		json_put_string(o, "cause", machine_cause_name(last->cause));
		json_put_i64(o, "us", last->us);
		clock_format_utc(&last->at, time);
		json_put_string(o, "time", time);
		json_end_object(o);
	}
	json_end_array(o);
}

/* Of what was asked for and has no effect. */
static void put_warnings(struct json_out *o, const struct service *s)
{
	json_key(o, "warnings");
	json_begin_array(o);
	for (size_t i = 0; i < s->made.warnings.n; i++)
		json_string(o, s->made.warnings.v[i]);
	json_end_array(o);
}

static int write_status(struct service *s, struct buf *out, struct err *e)
{
	struct json_out o = { .buf = out };
	int active = s->machine.active;

	json_begin_object(&o);
	json_put_string(&o, "id", s->id);
	json_put_string(&o, "state", machine_state_name(s->machine.state));
	json_put_string(&o, "cause", machine_cause_name(s->record.last_cause));
	json_put_i64(&o, "generation", (int64_t)s->generation);
	json_put_string(&o, "active", active < 0 ? NULL : s->members[active].name);
	put_pid(&o, service_who_serves(s));
	json_put_i64(&o, "failures", budget_used(&s->machine.budget, loop_now_ns() / NS_PER_MS));
	json_put_bool(&o, "looping", machine_is_looping(&s->machine));
	json_put_bool(&o, "paused", pause_is_on(&s->pause));
	put_wait(&o, s);
	json_put_i64(&o, "sockets", s->store.set.n);
	json_put_i64(&o, "journalLost", (int64_t)s->record.journal.lost);
	json_put_i64(&o, "eventsLost", (int64_t)s->record.outlet.lost);
	json_put_i64(&o, "logLost", (int64_t)s->record.log.lost);
	json_key(&o, "shim");
	json_begin_object(&o);
	json_put_i64(&o, "pid", getpid());
	json_put_string(&o, "version", HART_VERSION);
	json_end_object(&o);
	service_ports_show(&s->ports, &o, name_of, s);
	json_key(&o, "members");
	json_begin_array(&o);
	for (int i = 0; i < s->machine.n_members; i++)
		put_member(&o, s, i);
	json_end_array(&o);
	put_takeovers(&o, &s->takeovers);
	put_warnings(&o, s);
	figures_put(&o, &s->machine, &s->takeovers, &s->watch.probe);
	json_end_object(&o);
	return out->failed ? err_set(e, ENOMEM, "write the status") : 0;
}

void service_answer_status(struct service *s, struct ctl_connection *c)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct err e = ERR_INIT;

	if (write_status(s, &out, &e) < 0)
		ctl_refuse(c, &e);
	else
		ctl_answer(c, &out);
}

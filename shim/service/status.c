/* service/status: what JSON `hart status` shows. */
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "json.h"
#include "service/parts.h"

static void put_string(struct json_out *o, const char *key, const char *value)
{
	json_key(o, key);
	json_string(o, value);
}

static void put_number(struct json_out *o, const char *key, int64_t value)
{
	json_key(o, key);
	json_i64(o, value);
}

/* No number where there is no process: people kill what they find here. */
static void put_pid(struct json_out *o, const struct member *m)
{
	json_key(o, "pid");
	if (m && member_exists(m))
		json_i64(o, m->pid);
	else
		json_string(o, NULL);
}

static void put_member(struct json_out *o, struct service *s, int i)
{
	const struct member *m = &s->members[i];
	const struct machine_member *mm = &s->machine.members[i];

	json_begin_object(o);
	put_string(o, "name", m->name);
	put_string(o, "bundle", m->dir ? m->dir : s->bundle);
	put_string(o, "state", machine_member_state_name(mm->state));
	put_pid(o, m);
	put_number(o, "generation", (int64_t)m->generation);
	if (m->status[0])
		put_string(o, "status", m->status);
	if (m->why[0])
		put_string(o, "why", m->why);
	put_number(o, "backoffMs", mm->backoff_ms);
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

	json_key(o, "takeovers");
	json_begin_array(o);
	for (uint64_t i = n - kept; i < n; i++) {
		const struct takeover *last = &t->last[i % TAKEOVERS_KEPT];
		json_begin_object(o);
		put_number(o, "generation", (int64_t)last->generation);
		put_string(o, "from", last->from);
		put_string(o, "to", last->to);
		put_string(o, "cause", machine_cause_name(last->cause));
		put_number(o, "us", last->us);
		json_end_object(o);
	}
	json_end_array(o);
}

/* Of what was asked for and has no effect. */
static void put_warnings(struct json_out *o, const struct service *s)
{
	json_key(o, "warnings");
	json_begin_array(o);
	for (size_t i = 0; i < s->warnings.n; i++)
		json_string(o, s->warnings.v[i]);
	json_end_array(o);
}

static int write_status(struct service *s, struct buf *out, struct err *e)
{
	struct json_out o = { .buf = out };
	int active = s->machine.active;

	json_begin_object(&o);
	put_string(&o, "id", s->id);
	put_string(&o, "state", machine_state_name(s->machine.state));
	put_string(&o, "cause", machine_cause_name(s->last_cause));
	put_number(&o, "generation", (int64_t)s->generation);
	put_string(&o, "active", active < 0 ? NULL : s->members[active].name);
	put_pid(&o, active < 0 ? NULL : &s->members[active]);
	put_number(&o, "failures", budget_used(&s->machine.budget, loop_now_ns() / 1000000));
	put_number(&o, "sockets", s->fds.n);
	put_number(&o, "journalLost", (int64_t)s->journal.lost);
	put_number(&o, "logLost", (int64_t)s->log.lost);
	json_key(&o, "shim");
	json_begin_object(&o);
	put_number(&o, "pid", getpid());
	json_end_object(&o);
	service_ports_show(&s->ports, &o, name_of, s);
	json_key(&o, "members");
	json_begin_array(&o);
	for (int i = 0; i < s->machine.n_members; i++)
		put_member(&o, s, i);
	json_end_array(&o);
	put_takeovers(&o, &s->takeovers);
	put_warnings(&o, s);
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

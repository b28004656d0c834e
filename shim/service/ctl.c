/* service/ctl: what can be asked of a running shim: status, failover, upgrade, stop, kill (ctl.h). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "json.h"
#include "service/parts.h"

/* -- status ---------------------------------------------------------------------------------- */

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

static void put_takeovers(struct json_out *o, const struct service *s)
{
	uint64_t kept = s->n_takeovers < TAKEOVERS_KEPT ? s->n_takeovers : TAKEOVERS_KEPT;

	json_key(o, "takeovers");
	json_begin_array(o);
	for (uint64_t i = s->n_takeovers - kept; i < s->n_takeovers; i++) {
		const struct takeover *t = &s->takeovers[i % TAKEOVERS_KEPT];
		json_begin_object(o);
		put_number(o, "generation", (int64_t)t->generation);
		put_string(o, "from", t->from);
		put_string(o, "to", t->to);
		put_string(o, "cause", machine_cause_name(t->cause));
		put_number(o, "us", t->us);
		json_end_object(o);
	}
	json_end_array(o);
}

int service_status(struct service *s, struct buf *out, struct err *e)
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
	put_takeovers(&o, s);
	json_end_object(&o);
	return out->failed ? err_set(e, ENOMEM, "write the status") : 0;
}

static void answer_status(struct service *s, struct ctl_connection *c)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct err e = ERR_INIT;

	if (service_status(s, &out, &e) < 0)
		ctl_refuse(c, &e);
	else
		ctl_answer(c, &out);
}

/* -- who waits for the end of what it asked for ------------------------------------------------ */

static void refuse(struct ctl_connection *c, int errnum, const char *why)
{
	struct err e = ERR_INIT;

	err_msg(&e, errnum, "%s", why);
	ctl_refuse(c, &e);
}

static bool is_steady(const struct service *s)
{
	return s->machine.state == SERVICE_ACTIVE || s->machine.state == SERVICE_DEGRADED;
}

/* A switch is over when the service is active again, by another generation or, if it failed, the old. */
void service_transition_hooks(struct service *s, const struct machine_action *a)
{
	struct ctl_connection *c = s->waiting;
	bool over = machine_is_over(&s->machine);

	if (!c || (!over && a->to != SERVICE_ACTIVE && a->to != SERVICE_DEGRADED) ||
	    (!over && a->from == a->to))
		return;
	if (!over && (a->from == SERVICE_ACTIVE || a->from == SERVICE_DEGRADED))
		return; /* a standby came or went */
	s->waiting = NULL;
	if (over) {
		refuse(c, ECANCELED, "the service has ended");
	} else if (s->machine.active == s->waiting_for_not) {
		refuse(c, EIO, "the switch failed: the one before serves on; see hart status and the "
			       "journal");
	} else {
		service_save_now(s);
		answer_status(s, c);
	}
}

static void wait_for_switch(struct service *s, struct ctl_connection *c, const struct ctl_request *q)
{
	if (!q->wait) {
		answer_status(s, c);
		return;
	}
	s->waiting = c;
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

	if (q->to && (ev.member = find_member(s, q->to)) < 0) {
		refuse(c, ENOENT, "there is no member of that name");
		return;
	}
	if (q->to && ev.member == s->machine.active) {
		refuse(c, EALREADY, "that member is the active one");
		return;
	}
	if (s->machine.n_members < 2) {
		refuse(c, ENOENT, "the service has no standby");
		return;
	}
	if (!machine_may_switch(&s->machine) || s->waiting) {
		refuse(c, EBUSY, "a switch is under way");
		return;
	}
	s->waiting_for_not = s->machine.active;
	wait_for_switch(s, c, q);
	s->failed_ns = loop_now_ns();
	s->failed_member = s->machine.active;
	service_event(s, &ev);
	if (is_steady(s) && s->machine.active == s->failed_member)
		s->failed_ns = 0;
	if (s->waiting == c && is_steady(s) && s->machine.active == s->waiting_for_not &&
	    !s->machine.overlap && s->machine.target < 0) {
		s->waiting = NULL;
		refuse(c, EAGAIN, "no other member can be switched to now");
	}
}

/* One that is gone may still be on its way out. */
static int place_for_upgrade(const struct service *s)
{
	int i;

	for (int nth = 0; (i = machine_free_place(&s->machine, nth)) >= 0; nth++)
		if (i == s->machine.n_members || member_is_idle(&s->members[i]))
			break;
	return i;
}

static void do_upgrade(struct service *s, struct ctl_connection *c, const struct ctl_request *q)
{
	int i = place_for_upgrade(s);
	struct machine_event ev = { .type = EVENT_ADD, .member = i, .cause = CAUSE_UPGRADE,
				    .overlap = true };
	char name[MEMBER_NAME_MAX];
	struct err e = ERR_INIT;
	struct stat st;

	if (i < 0) {
		refuse(c, ENOSPC, "as many members as there can be are in use");
		return;
	}
	if (stat(q->bundle, &st) < 0 || !S_ISDIR(st.st_mode)) {
		refuse(c, ENOENT, "the new bundle is not there");
		return;
	}
	if (!machine_may_switch(&s->machine) || s->waiting) {
		refuse(c, EBUSY, "a switch is under way");
		return;
	}
	snprintf(name, sizeof name, "upgrade-%u", ++s->n_upgrades);
	if (i < s->machine.n_members)
		member_finish(&s->members[i]);
	member_init(&s->members[i], s, i, name);
	s->members[i].is_upgrade = true;
	s->members[i].dir = strdup(q->bundle);
	if (!s->members[i].dir) {
		refuse(c, ENOMEM, "out of memory");
		return;
	}
	s->waiting_for_not = s->machine.active;
	wait_for_switch(s, c, q);
	service_event(s, &ev);
	if (service_save_plan(s, &e) < 0)
		service_warn(s, NULL, &e);
}

static void do_stop(struct service *s, struct ctl_connection *c, const struct ctl_request *q)
{
	service_stop(s, q->signal);
	answer_status(s, c);
}

static void do_kill(struct service *s, struct ctl_connection *c, const struct ctl_request *q)
{
	struct err e = ERR_INIT;

	if (service_kill(s, q->signal, &e) < 0)
		ctl_refuse(c, &e);
	else
		answer_status(s, c);
}

/* Whoever serves next is the answer: the same one, restarted, or another. */
static void do_fail(struct service *s, struct ctl_connection *c, const struct ctl_request *q)
{
	struct err e = ERR_INIT;

	if (s->waiting)
		refuse(c, EBUSY, "a switch is under way");
	else if (service_fail(s, &e) < 0)
		ctl_refuse(c, &e);
	else {
		s->waiting_for_not = -1;
		wait_for_switch(s, c, q);
	}
}

void service_answer_start(struct service *s)
{
	struct ctl_connection *c = s->starter;

	s->starter = NULL;
	if (c && s->failure.code)
		ctl_refuse(c, &s->failure);
	else if (c)
		answer_status(s, c);
}

static void do_start(struct service *s, struct ctl_connection *c, const struct ctl_request *q)
{
	(void)q;
	if (!s->held || !s->was_created || s->ended) {
		refuse(c, EINVAL, "cannot start an already running container");
		return;
	}
	s->starter = c;
	service_hold_start(s);
}

static void do_status(struct service *s, struct ctl_connection *c, const struct ctl_request *q)
{
	(void)q;
	answer_status(s, c);
}

static void (*const commands[CTL_COMMANDS])(struct service *s, struct ctl_connection *c,
					    const struct ctl_request *q) = {
	[CTL_STATUS] = do_status, [CTL_FAILOVER] = do_failover, [CTL_UPGRADE] = do_upgrade,
	[CTL_STOP] = do_stop,	  [CTL_KILL] = do_kill,		[CTL_START] = do_start,
	[CTL_FAIL] = do_fail,
};

static void handle(struct ctl *ctl, struct ctl_connection *c, const struct ctl_request *q)
{
	struct service *s = LOOP_OWNER(ctl, struct service, ctl);

	if (commands[q->command])
		commands[q->command](s, c, q);
	else
		refuse(c, ENOTSUP, "not a request of this version");
}

static void gone(struct ctl *ctl, struct ctl_connection *c)
{
	struct service *s = LOOP_OWNER(ctl, struct service, ctl);

	if (s->waiting == c)
		s->waiting = NULL;
	if (s->starter == c)
		s->starter = NULL;
}

int service_listen_ctl(struct service *s, struct err *e)
{
	s->ctl.handle = handle;
	s->ctl.gone = gone;
	return ctl_open(&s->ctl, &s->loop, s->container.dir_fd, e);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* unit: see unit.h. */
#include "systemd/unit.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "systemd/name.h"

#define TIMEOUT_MS 30000
#define JOB_PATH_MAX 64

#define SERVICE "org.freedesktop.systemd1"
#define OBJECT "/org/freedesktop/systemd1"
#define MANAGER SERVICE ".Manager"

static long long deadline(void)
{
	return clock_now_ms() + TIMEOUT_MS;
}

/* -- connecting ------------------------------------------------------------------------------ */

/* Where to look, in this order: the private sockets are systemd's own and need no bus. */
struct place {
	char path[PATH_MAX];
	bool is_bus;
};

static size_t system_places(struct place *to)
{
	strcpy(to[0].path, "/run/systemd/private");
	strcpy(to[1].path, "/run/dbus/system_bus_socket");
	to[0].is_bus = false;
	to[1].is_bus = true;
	return 2;
}

static size_t user_places(struct place *to)
{
	const char *dir = getenv("XDG_RUNTIME_DIR"), *list = getenv("DBUS_SESSION_BUS_ADDRESS");
	size_t n = 0;

	if (dir && *dir == '/' && snprintf(to[n].path, PATH_MAX, "%s/systemd/private", dir) < PATH_MAX)
		to[n++].is_bus = false;
	if (list && dbus_address(list, to[n].path, PATH_MAX))
		to[n++].is_bus = true;
	else if (dir && *dir == '/' && snprintf(to[n].path, PATH_MAX, "%s/bus", dir) < PATH_MAX)
		to[n++].is_bus = true;
	return n;
}

static int explain(bool user, struct err *e)
{
	struct err why = *e;

	return err_msg(e, why.code,
		       "the systemd cgroup driver needs %s: %s; without it use the cgroupfs driver (no --systemd-cgroup and "
		       "a cgroupsPath that is a path; Docker: native.cgroupdriver=cgroupfs, Podman: "
		       "--cgroup-manager=cgroupfs, containerd: SystemdCgroup = false)",
		       user ? "a systemd user instance (loginctl enable-linger) and its XDG_RUNTIME_DIR" : "systemd",
		       why.text);
}

static size_t find_places(bool user, struct place *to)
{
	return user ? user_places(to) : system_places(to);
}

static int open_place(struct systemd *s, const struct place *at, long long until, struct err *e)
{
	int r = dbus_begin(&s->bus, at->path, at->is_bus, e);

	return r < 0 ? r : dbus_finish(&s->bus, until, e);
}

bool systemd_begin(struct systemd *s, bool user)
{
	struct place places[2];
	struct err ignored;

	return find_places(user, places) && dbus_begin(&s->bus, places[0].path, places[0].is_bus, &ignored) >= 0;
}

int systemd_finish(struct systemd *s, bool user, struct err *e)
{
	struct err ignored;

	return dbus_finish(&s->bus, deadline(), &ignored) >= 0 ? 0 : systemd_open(s, user, e);
}

int systemd_open(struct systemd *s, bool user, struct err *e)
{
	struct place places[2];
	size_t n = find_places(user, places);
	long long until = deadline();
	struct err later;
	int r = -1;

	if (n == 0)
		r = err_msg(e, ENOENT, "neither XDG_RUNTIME_DIR nor DBUS_SESSION_BUS_ADDRESS is set");
	for (size_t i = 0; r < 0 && i < n; i++)
		r = open_place(s, &places[i], until, i ? &later : e);
	if (r < 0)
		return explain(user, e);
	err_clear(e);
	return 0;
}

void systemd_close(struct systemd *s)
{
	dbus_close(&s->bus);
}

/* -- calls ----------------------------------------------------------------------------------- */

static struct dbus_call manager_call(const char *member, const char *signature, const struct buf *body)
{
	return (struct dbus_call){ SERVICE, OBJECT, MANAGER, member, signature, body };
}

/* A call of which nothing but success is of interest. */
static int unit_call(struct systemd *s, const struct dbus_call *c, struct dbus_message *ret, struct err *e)
{
	long long until = deadline();
	uint32_t serial;
	int r = dbus_send(&s->bus, c, &serial, until, e);

	return r < 0 ? r : dbus_answer(&s->bus, serial, ret, until, e);
}

/* A property that is a string, borrowed until the next call. */
static int get_string(struct systemd *s, const char *object, const char *interface, const char *name, const char **ret,
		      struct err *e)
{
	_cleanup_buf_ struct buf body = BUF_INIT;
	struct dbus_call c = { SERVICE, object, "org.freedesktop.DBus.Properties", "Get", "ss", &body };
	struct dbus_message m;

	dbus_put_string(&body, interface);
	dbus_put_string(&body, name);
	int r = unit_call(s, &c, &m, e);
	if (r < 0)
		return r;
	if (strcmp(dbus_get_signature(&m.body), "s") != 0)
		return err_msg(e, EPROTO, "systemd's property %s is not a string", name);
	*ret = dbus_get_string(&m.body);
	return m.body.failed ? err_msg(e, EPROTO, "systemd's property %s is cut off", name) : 0;
}

/* A property of a unit that is a string; a unit that is not there has them too. */
static int get_unit_string(struct systemd *s, const char *unit, const char *interface, const char *name, const char **ret,
			   struct err *e)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	char *object = systemd_object_of(&a, unit);

	return object ? get_string(s, object, interface, name, ret, e)
		      : err_set(e, ENOMEM, "ask for %s of %s", name, unit);
}

static int copy_unit_string(struct systemd *s, struct arena *a, const char *unit, const char *interface, const char *name,
			    char **ret, struct err *e)
{
	const char *found;
	int r = get_unit_string(s, unit, interface, name, &found, e);

	if (r < 0)
		return err_in(e, "systemd: look at %s", unit);
	*ret = arena_strdup(a, found);
	return *ret ? 0 : err_set(e, ENOMEM, "look at %s", unit);
}

int systemd_description(struct systemd *s, struct arena *a, const char *unit, char **ret, struct err *e)
{
	return copy_unit_string(s, a, unit, SERVICE ".Unit", "Description", ret, e);
}

int systemd_cgroup_of(struct systemd *s, struct arena *a, const char *unit, char **ret, struct err *e)
{
	return copy_unit_string(s, a, unit, SERVICE ".Scope", "ControlGroup", ret, e);
}

/* -- jobs ------------------------------------------------------------------------------------ */

/* A bus tells only what was asked for. The answers are passed over: that nobody is told shows at the first wait. */
static int listen_for_jobs(struct systemd *s, long long until, struct err *e)
{
	_cleanup_buf_ struct buf rule = BUF_INIT;
	struct dbus_call match = { "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "AddMatch",
				   "s", &rule };
	struct dbus_call subscribe = manager_call("Subscribe", NULL, NULL);
	uint32_t ignored;

	if (!s->bus.is_bus)
		return 0;
	dbus_put_string(&rule, "type='signal',sender='" SERVICE "',path='" OBJECT "',interface='" MANAGER "'");
	int r = dbus_send(&s->bus, &match, &ignored, until, e);
	return r < 0 ? r : dbus_send(&s->bus, &subscribe, &ignored, until, e);
}

/* The job that a call made, and how it ended: the signal may come before the answer that names the job. */
struct job {
	const char *unit;
	char path[JOB_PATH_MAX], removed[JOB_PATH_MAX]; /* "" = not known yet */
	char result[16];
	bool is_stop;
	bool unit_removed; /* and with it the job, whose end nobody may be told then */
};

static int copy(char *to, size_t size, const char *from)
{
	size_t len = strlen(from);

	if (len >= size)
		return -EPROTO;
	memcpy(to, from, len + 1);
	return 0;
}

/* JobRemoved(id, job, unit, result). */
static int take_removed(struct job *j, struct dbus_message *m, struct err *e)
{
	dbus_get_u32(&m->body);
	const char *path = dbus_get_string(&m->body), *unit = dbus_get_string(&m->body),
		   *result = dbus_get_string(&m->body);

	if (strcmp(unit, j->unit) != 0)
		return 0;
	if (m->body.failed || copy(j->removed, sizeof j->removed, path) < 0 ||
	    copy(j->result, sizeof j->result, result) < 0)
		return err_msg(e, EPROTO, "systemd's signal JobRemoved is not well-formed");
	return 0;
}

static int take_signal(struct job *j, struct dbus_message *m, struct err *e)
{
	if (!strcmp(m->member, "JobRemoved"))
		return take_removed(j, m, e);
	/* Before a start is answered it is the one of that name before. */
	if (!strcmp(m->member, "UnitRemoved") && !strcmp(dbus_get_string(&m->body), j->unit))
		j->unit_removed = j->is_stop || *j->path;
	return 0;
}

static int take_message(struct job *j, struct dbus_message *m, uint32_t serial, struct err *e)
{
	if (m->type == DBUS_SIGNAL)
		return !strcmp(m->interface, MANAGER) ? take_signal(j, m, e) : 0;
	if (m->reply_serial != serial)
		return 0;
	if (m->type == DBUS_ERROR)
		return dbus_error(m, e);
	if (copy(j->path, sizeof j->path, dbus_get_string(&m->body)) < 0 || m->body.failed || !*j->path)
		return err_msg(e, EPROTO, "systemd's answer does not name a job");
	return 0;
}

static bool is_over(const struct job *j)
{
	return j->unit_removed || (*j->path && !strcmp(j->path, j->removed));
}

/* A call that starts a job, which is waited for. Its result is in j->result; "" when the unit went away before. */
static int call_job(struct systemd *s, const struct dbus_call *c, struct job *j, struct err *e)
{
	long long until = deadline();
	struct dbus_message m;
	uint32_t serial;
	int r = listen_for_jobs(s, until, e);

	if (r >= 0)
		r = dbus_send(&s->bus, c, &serial, until, e);
	while (r >= 0 && !is_over(j)) {
		r = dbus_next(&s->bus, &m, until, e);
		if (r >= 0)
			r = take_message(j, &m, serial, e);
	}
	return r;
}

static int reset_failed(struct systemd *s, const char *unit, struct err *e)
{
	_cleanup_buf_ struct buf body = BUF_INIT;
	struct dbus_call c = manager_call("ResetFailedUnit", "s", &body);
	struct dbus_message m;

	dbus_put_string(&body, unit);
	return unit_call(s, &c, &m, e);
}

/* -- start, set, stop ------------------------------------------------------------------------ */

#define CLEARED_MAX 3 /* tries to get a name free */

static int start_once(struct systemd *s, const char *unit, const struct systemd_properties *p, struct err *e)
{
	_cleanup_buf_ struct buf body = BUF_INIT;
	struct dbus_call c = manager_call("StartTransientUnit", "ssa(sv)a(sa(sv))", &body);
	struct job j = { .unit = unit };

	dbus_put_string(&body, unit);
	dbus_put_string(&body, "fail");
	systemd_put_properties(&body, p);
	dbus_end_array(&body, dbus_begin_array(&body, 8), 8);
	int r = call_job(s, &c, &j, e);
	if (r < 0 || !strcmp(j.result, "done"))
		return r;
	return err_msg(e, EIO, "the job ended with \"%s\" (systemctl status %s)",
		       j.unit_removed ? "removed" : j.result, unit);
}

/* Left over: failed, or about to end. Anything else is somebody's. */
static int clear_away(struct systemd *s, const char *unit, struct err *e)
{
	char state[32] = "";
	const char *found;
	int r = get_unit_string(s, unit, SERVICE ".Unit", "ActiveState", &found, e);

	if (r >= 0 && copy(state, sizeof state, found) < 0)
		r = err_msg(e, EPROTO, "systemd says that its state is \"%.64s\"", found);

	if (r < 0)
		return r;
	if (!strcmp(state, "failed"))
		return reset_failed(s, unit, e);
	if (!strcmp(state, "deactivating") || !strcmp(state, "inactive"))
		return systemd_stop(s, unit, e);
	return err_msg(e, EEXIST, "it is there already, and %s (systemctl status %s)", state, unit);
}

int systemd_start(struct systemd *s, const char *unit, pid_t pid, const struct systemd_properties *p, struct err *e)
{
	uint32_t pids[] = { (uint32_t)pid };
	struct systemd_properties all = *p;

	systemd_add(&all, (struct systemd_property){ "PIDs", SYSTEMD_U32S, .data = pids, .n = 1 });
	if (all.failed)
		return err_set(e, ENOMEM, "start unit %s", unit);
	int r = start_once(s, unit, &all, e);
	/* What is left over may go by itself between one look and the next. */
	for (int i = 0; r == -EEXIST && i < CLEARED_MAX; i++) {
		r = clear_away(s, unit, e);
		if (r == -ENOENT) {
			err_clear(e);
			r = 0;
		}
		if (r >= 0)
			r = start_once(s, unit, &all, e);
		else if (r == -EEXIST)
			break;
	}
	return r < 0 ? err_in(e, "systemd: start %s", unit) : r;
}

int systemd_set(struct systemd *s, const char *unit, const struct systemd_properties *p, struct err *e)
{
	_cleanup_buf_ struct buf body = BUF_INIT;
	struct dbus_call c = manager_call("SetUnitProperties", "sba(sv)", &body);
	struct dbus_message m;

	if (p->failed)
		return err_set(e, ENOMEM, "change unit %s", unit);
	dbus_put_string(&body, unit);
	dbus_put_u32(&body, true); /* not on disk: for as long as the unit lives */
	systemd_put_properties(&body, p);
	int r = unit_call(s, &c, &m, e);
	return r < 0 ? err_in(e, "systemd: change %s", unit) : r;
}

int systemd_attach(struct systemd *s, const char *unit, const char *below, pid_t pid, struct err *e)
{
	_cleanup_buf_ struct buf body = BUF_INIT;
	struct dbus_call c = manager_call("AttachProcessesToUnit", "ssau", &body);
	struct dbus_message m;

	dbus_put_string(&body, unit);
	dbus_put_string(&body, below);
	size_t pids = dbus_begin_array(&body, 4);
	dbus_put_u32(&body, (uint32_t)pid);
	dbus_end_array(&body, pids, 4);
	int r = unit_call(s, &c, &m, e);
	return r < 0 ? err_in(e, "systemd: move process %d into %s", pid, unit) : r;
}

int systemd_kill(struct systemd *s, const char *unit, struct err *e)
{
	_cleanup_buf_ struct buf body = BUF_INIT;
	struct dbus_call c = manager_call("KillUnit", "ssi", &body);
	struct dbus_message m;

	dbus_put_string(&body, unit);
	dbus_put_string(&body, "all");
	dbus_put_u32(&body, SIGKILL);
	int r = unit_call(s, &c, &m, e);
	if (r == -ENOENT) {
		err_clear(e);
		r = 0;
	}
	return r < 0 ? err_in(e, "systemd: kill %s", unit) : r;
}

int systemd_stop(struct systemd *s, const char *unit, struct err *e)
{
	_cleanup_buf_ struct buf body = BUF_INIT;
	struct dbus_call c = manager_call("StopUnit", "ss", &body);
	struct job j = { .unit = unit, .is_stop = true };

	dbus_put_string(&body, unit);
	dbus_put_string(&body, "replace");
	int r = call_job(s, &c, &j, e);
	if (r == -ENOENT) {
		err_clear(e);
		return 0;
	}
	if (r >= 0 && !j.unit_removed && strcmp(j.result, "done") != 0)
		r = reset_failed(s, unit, e);
	return r < 0 ? err_in(e, "systemd: stop %s", unit) : 0;
}

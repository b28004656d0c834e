/* SPDX-License-Identifier: Apache-2.0 */
/* replace: see replace.h. */
#include "service/replace.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/sys.h"
#include "service/parts.h"

#define VARIABLE "HART_SHIM_" /* in the environment of the one program only: "ENDS", and a number each descriptor */
#define FIRST_FD 64 /* above what a start of hart uses itself */
#define TEXT_MAX (FDSET_NAME_MAX + 64)

/* -- the binary of the process that asks -------------------------------------------------------------------- */

static int open_binary(const struct ctl_connection *c, struct err *e)
{
	struct ucred peer = { 0 };
	socklen_t len = sizeof peer;
	char path[48];

	if (getsockopt(c->fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0 || peer.pid <= 0)
		return err_msg(e, ESRCH, "the process that asks cannot be seen from here");
	snprintf(path, sizeof path, "/proc/%d/exe", (int)peer.pid);
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_set(e, errno, "open the program of the process that asks");
	/* Its number could be another one's by now; while it holds its end of the connection it is not. */
	struct pollfd end = { .fd = c->fd };
	return poll(&end, 1, 0) == 0 ? fd_take(&fd) : err_msg(e, ESRCH, "the process that asks has ended");
}

/* -- what comes along ---------------------------------------------------------------------------- */

static int put_variable(const char *name, const char *text, struct err *e)
{
	return setenv(name, text, 1) < 0 ? err_set(e, errno, "prepare the next shim") : 0;
}

/* A copy that stays open; -1 stays -1. */
static int replace_keep(int fd, struct err *e)
{
	int kept = fd < 0 ? -1 : fcntl(fd, F_DUPFD, FIRST_FD);

	return fd >= 0 && kept < 0 ? err_set(e, errno, "keep a descriptor for the next shim") : kept;
}

static int put_ends(const struct service *s, struct err *e)
{
	char text[96];
	int out = replace_keep(s->ends.out_fd, e), err = out < -1 ? out : replace_keep(s->ends.err_fd, e);

	if (out < -1 || err < -1)
		return -e->code;
	snprintf(text, sizeof text, "%d %d %d %d", s->made.foreground, s->made.keep, out, err);
	return put_variable(VARIABLE "ENDS", text, e);
}

static int put_store(const struct service *s, struct err *e)
{
	unsigned n = 0;

	for (unsigned i = 0; i < s->store.set.n; i++) {
		const struct fdset_entry *entry = &s->store.set.v[i];
		char name[32], text[TEXT_MAX];
		if (!entry->stored)
			continue; /* members have those: adopt takes them from there */
		int fd = replace_keep(entry->fd, e);
		if (fd < 0)
			return fd;
		snprintf(name, sizeof name, VARIABLE "%u", n++);
		snprintf(text, sizeof text, "%d %d %d %s", fd, entry->poll, entry->given, entry->name);
		if (put_variable(name, text, e) < 0)
			return -e->code;
	}
	return 0;
}

/* Reads and removes it. */
static bool take_variable(const char *name, char *text, size_t size)
{
	const char *value = getenv(name);

	if (!value)
		return false;
	snprintf(text, size, "%s", value);
	unsetenv(name);
	return true;
}

/* It could not be executed: this one goes on. */
static void take_back(void)
{
	char name[32], text[TEXT_MAX];
	int out = -1, err = -1;

	if (take_variable(VARIABLE "ENDS", text, sizeof text) && sscanf(text, "%*d %*d %d %d", &out, &err) == 2) {
		fd_close(&out);
		fd_close(&err);
	}
	for (unsigned n = 0; n < FDSET_MAX; n++) {
		snprintf(name, sizeof name, VARIABLE "%u", n);
		if (!take_variable(name, text, sizeof text))
			break;
		int fd = atoi(text);
		fd_close(&fd);
	}
}

/* -- another policy ------------------------------------------------------------------------------- */

/* What can change while it runs: nothing that members or sockets were made with. */
static const enum policy_key changeable[] = {
	POLICY_RESTARTS, POLICY_MAX_FAILURES, POLICY_WINDOW, POLICY_BACKOFF, POLICY_SUCCESS, POLICY_READY_TIMEOUT, POLICY_WATCHDOG,
	POLICY_PROBE, POLICY_PROBE_INTERVAL, POLICY_PROBE_TIMEOUT, POLICY_PROBE_RETRIES, POLICY_PROBE_START_PERIOD,
	POLICY_FAILBACK, POLICY_STOP_SIGNAL, POLICY_STOP_TIMEOUT, POLICY_FENCE_TIMEOUT, POLICY_ON_EVENT, POLICY_EVENTS_TO,
};

/* "NAME=VALUE"; no value: as if it had never been given. A second one of a name is added. */
static int change(struct arena *a, char *setting, struct policy_flags *flags, unsigned *changed, struct err *e)
{
	char *value = strchr(setting, '=');

	if (value)
		*value++ = '\0';
	for (size_t i = 0; value && i < sizeof changeable / sizeof *changeable; i++) {
		enum policy_key key = changeable[i];
		struct policy_values *v = &flags->values[key];
		if (strcmp(setting, policy_rows[key].name) != 0)
			continue;
		if (!(*changed & 1U << i))
			*v = (struct policy_values){ 0 };
		*changed |= 1U << i;
		if (!*value)
			return 0;
		char **all = arena_grow(a, v->v, v->n, sizeof *all), *copy = arena_strdup(a, value);
		if (!all || !copy)
			return err_set(e, ENOMEM, "change the policy");
		v->v = all;
		all[v->n++] = copy;
		return 0;
	}
	return err_msg(e, EINVAL, "--%s: cannot be changed while the service runs", setting);
}

/* Into service.json, when it is one that can be meant. */
static int change_policy(struct service *s, const char *settings, struct err *e)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct policy_flags flags = *s->made.flags;
	const struct policy_flags *before = s->made.flags;
	struct policy policy;
	char *copy = arena_strdup(&a, settings), *save = NULL;
	unsigned changed = 0;
	int r = copy ? 0 : err_set(e, ENOMEM, "change the policy");

	for (char *one = copy ? strtok_r(copy, "\n", &save) : NULL; r >= 0 && one; one = strtok_r(NULL, "\n", &save))
		r = change(&a, one, &flags, &changed, e);
	if (r >= 0)
		r = policy_parse(&a, &flags, NULL, &policy, e);
	if (r < 0)
		return r;
	s->made.flags = &flags;
	r = service_save_plan(s, e);
	s->made.flags = before;
	return r;
}

/* -- all of it -------------------------------------------------------------------------------------- */

static bool is_anyone_at_work(const struct service *s)
{
	for (int i = 0; i < s->machine.n_members; i++)
		if (worker_is_busy(&s->members[i].worker))
			return true;
	return worker_is_busy(&s->poststart.worker) || worker_is_busy(&s->heat.told) || s->callouts.pid || s->callouts.n;
}

static int may_be_replaced(struct service *s, struct err *e)
{
	if (s->ends.notes_fd >= 0)
		return err_msg(e, ENOTSUP, "containerd's shim started this service: a new task gets the new version");
	if (s->hold.is_on && !s->outcome.was_up)
		return err_msg(e, EBUSY, "it has not been started yet");
	if (!machine_is_steady(&s->machine) || s->waiters.switcher || s->upgrading.c || service_is_taking_over(s) ||
	    pause_is_on(&s->pause) || is_anyone_at_work(s))
		return err_msg(e, EBUSY, "the service is not at rest: it is switching, paused, or builds a standby");
	return 0;
}

static int execute(struct service *s, int binary, struct err *e)
{
	char adopt[] = "adopt", hart[] = "hart", root[] = "--root", foreground[] = "--foreground";
	char *argv[] = { hart, root, (char *)s->rt->root, adopt, foreground, (char *)s->id, NULL };
	int r = put_ends(s, e);

	if (r >= 0)
		r = put_store(s, e);
	if (r >= 0) {
		sys_execveat(binary, "", argv, environ, AT_EMPTY_PATH);
		r = err_set(e, errno, "execute the program of the process that asks");
	}
	take_back();
	return r;
}

void replace_begin(struct service *s, struct ctl_connection *c, const struct ctl_request *q)
{
	struct err e = ERR_INIT;
	_cleanup_fd_ int binary = FD_NONE;
	int r = may_be_replaced(s, &e);

	if (r >= 0)
		r = binary = open_binary(c, &e);
	if (r >= 0 && q->settings)
		r = change_policy(s, q->settings, &e);
	if (r >= 0) {
		service_write_transitions(s);
		service_save_now(s);
		r = execute(s, binary, &e);
		/* What was written down is not in force here. */
		if (q->settings && service_save_plan(s, &(struct err){ 0 }) < 0)
			err_in(&e, "service.json holds the new policy all the same");
	}
	ctl_refuse(c, &e);
}

bool replace_is_own(const struct service *s)
{
	return s->container.state->supervisor_pid == getpid() && container_is_supervised(&s->container);
}

void replace_take_ends(struct service *s)
{
	int foreground, stays, out, err;
	char text[TEXT_MAX];

	if (!take_variable(VARIABLE "ENDS", text, sizeof text) ||
	    sscanf(text, "%d %d %d %d", &foreground, &stays, &out, &err) != 4)
		return;
	s->made.foreground = foreground;
	s->made.keep = stays;
	s->ends.out_fd = out < 0 ? FD_NONE : out;
	s->ends.err_fd = err < 0 ? FD_NONE : err;
	for (int *const *fd = (int *const[]){ &s->ends.out_fd, &s->ends.err_fd, NULL }; *fd; fd++)
		if (**fd >= 0)
			fcntl(**fd, F_SETFD, FD_CLOEXEC);
}

int replace_take_store(struct service *s, struct err *e)
{
	char name[32], text[TEXT_MAX];
	int r = 0;

	for (unsigned n = 0; r >= 0 && n < FDSET_MAX; n++) {
		int fd, polled, given, at = 0;
		snprintf(name, sizeof name, VARIABLE "%u", n);
		if (!take_variable(name, text, sizeof text))
			break;
		if (sscanf(text, "%d %d %d %n", &fd, &polled, &given, &at) != 3 || !at || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
			return err_msg(e, EBADF, "%s=%s: not a descriptor of the fd store", name, text);
		unsigned before = s->store.set.n;
		r = fdset_add(&s->store.set, fd, text + at, true, polled, s->policy->fdstore_max);
		if (r < 0)
			err_set(e, -r, "keep %s of the fd store", text + at);
		else if (s->store.set.n > before)
			s->store.set.v[before].given = given;
	}
	return r;
}

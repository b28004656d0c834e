/* SPDX-License-Identifier: Apache-2.0 */
/*
 * service/standin: what the service does with its stand-in (standin.h): it is made before the first member, follows
 * whoever serves into its mount namespace, off the takeover path, and has the service's exit status.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/fd.h"
#include "cgroup/cgroup.h"
#include "ns/ns.h"
#include "pidfile.h"
#include "service/parts.h"
#include "spec.h"

/* -- its cgroup --------------------------------------------------------------------------------- */

/*
 * An engine looks once, when create has returned, in which cgroup the process of the pid file is, and counts what
 * is used there and below. A cgroup with a process of its own gives those below no controllers: so until start
 * alone. Afterwards it is in one of its own below the service's.
 */
static int show_cgroup(struct service *s, struct err *e)
{
	struct cgroup cg = CGROUP_INIT;
	int r = cgroup_open(&cg, s->container.state->cgroup, e);

	if (r >= 0)
		r = cgroup_enter_above(&cg, s->standin.process.pid, e);
	cgroup_close(&cg);
	return r;
}

static int hide_in_cgroup(struct service *s, struct err *e)
{
	struct cgroup cg = CGROUP_INIT;
	char *path = arena_printf(&s->container.arena, "%s/" STANDIN_FILE, s->container.state->cgroup);
	int r = path ? cgroup_create(&cg, path, NULL, e) : err_set(e, ENOMEM, "make the stand-in's cgroup");

	if (r >= 0)
		r = cgroup_enter(&cg, s->standin.process.pid, e);
	cgroup_close(&cg);
	return r;
}

static int leave_shown_cgroup(struct service *s, struct err *e)
{
	struct cgroup primary = CGROUP_INIT;
	char *path = arena_printf(&s->container.arena, "%s/%s", s->container.state->cgroup, s->members[0].name);
	int r = path ? hide_in_cgroup(s, e) : err_set(e, ENOMEM, "leave the service's cgroup");

	if (r >= 0)
		r = cgroup_open(&primary, path, e);
	if (r >= 0)
		r = cgroup_enable(&primary, 0, e);
	cgroup_close(&primary);
	return r;
}

/* -- who serves ---------------------------------------------------------------------------------- */

static int push_time(const struct member *m, int *fds, unsigned *n, struct err *e)
{
	int fd = ns_open_of(m->pid, m->pidfd, "time");

	if (fd < 0)
		return err_set(e, -fd, "open the time namespace of %s", m->name);
	fds[(*n)++] = fd;
	return 0;
}

/* Those of the service, once they are there; then it is only the mounts that change. */
static int join_first(struct service *s, const struct member *m, struct err *e)
{
	static const enum oci_ns kinds[] = { OCI_NS_NETWORK, OCI_NS_IPC, OCI_NS_UTS };
	int fds[STANDIN_JOIN_MAX], r = 0;
	_cleanup_fd_ int time = FD_NONE;
	unsigned n = 0;

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (s->shared.held.fd[kinds[i]] >= 0)
			fds[n++] = s->shared.held.fd[kinds[i]];
	if (s->shared.own & 1U << OCI_NS_TIME) {
		r = push_time(m, fds, &n, e);
		time = r < 0 ? FD_NONE : fds[n - 1];
	}
	fds[n++] = m->mount_ns_fd;
	return r < 0 ? r : standin_join(&s->standin.process, fds, n, e);
}

/* One at a time: when it has answered, it goes to who serves by then. */
void service_standin_follow(struct service *s)
{
	struct member *m = service_who_serves(s);
	struct err e = ERR_INIT;

	if (s->standin.process.source.fd < 0 || s->standin.process.is_busy || !m || m->generation == s->standin.follows ||
	    m->mount_ns_fd < 0)
		return;
	s->standin.follows = m->generation;
	if (standin_join(&s->standin.process, &m->mount_ns_fd, 1, &e) < 0)
		service_warn(s, m, &e);
}

static void fail_create(struct service *s, const struct err *e)
{
	s->outcome.failure = *e;
	service_stop(s, SIGKILL);
}

/* All that an engine does with the process of the pid file it may do from here on. */
static int show_itself(struct service *s, struct err *e)
{
	int r = show_cgroup(s, e);

	if (r >= 0 && s->waiters.pid_file)
		r = pidfile_write(s->waiters.pid_file, s->standin.process.pid, e);
	if (r >= 0 && s->waiters.pidfd_socket)
		r = pidfile_give_pidfd(s->waiters.pidfd_socket, s->standin.process.pidfd, "standard", e);
	return r;
}

static void on_joined(struct standin *si, int errnum)
{
	struct service *s = LOOP_OWNER(si, struct service, standin.process);
	struct err e = ERR_INIT;

	if (errnum)
		err_set(&e, errnum, "the stand-in joins who serves");
	if (s->hold.is_on && !s->hold.was_created && !s->outcome.ended) {
		if (errnum || show_itself(s, &e) < 0)
			fail_create(s, &e);
		else
			s->standin.done(s);
		return;
	}
	if (errnum)
		service_warn(s, NULL, &e);
	service_standin_follow(s);
}

static void on_standin_signal(struct standin *si, int sig)
{
	service_signalled(LOOP_OWNER(si, struct service, standin.process), sig);
}

static void on_killed(struct standin *si)
{
	struct service *s = LOOP_OWNER(si, struct service, standin.process);
	struct err e = ERR_INIT;

	err_msg(&e, EIO, "the stand-in, whose pid the engine has, was killed: the service ends");
	service_warn(s, NULL, &e);
	if (!s->outcome.ended)
		fail_create(s, &e);
}

/* -- its life ------------------------------------------------------------------------------------ */

static void set_callbacks(struct service *s)
{
	s->standin.process.joined = on_joined;
	s->standin.process.signalled = on_standin_signal;
	s->standin.process.ended = on_killed;
}

static int make(struct service *s, struct err *e)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct cgroup cg = CGROUP_INIT;
	struct oci_config *config;
	struct state *st = s->container.state;
	int r = spec_load_config(&a, s->made.config_json, s->made.config_len, &config, NULL, e);

	if (r >= 0 && s->made.create.no_pivot)
		r = err_msg(e, ENOTSUP, "--no-pivot: not for a supervised service that an engine creates");
	if (r >= 0)
		r = cgroup_open(&cg, st->cgroup, e);
	if (r >= 0)
		r = standin_start(&s->standin.process, &s->loop, config, &cg, s->container.dir_fd, e);
	cgroup_close(&cg);
	if (r < 0)
		return r;
	st->standin_pid = s->standin.process.pid;
	return statefile_pid_start(s->standin.process.pid, &st->standin_start, e);
}

int service_standin_begin(struct service *s, struct err *e)
{
	set_callbacks(s);
	int r = geteuid() == 0 ? make(s, e) :
				 err_msg(e, ENOTSUP, "a service that an engine creates needs root, be it that of a user "
						     "namespace (rootless Podman, unshare -Ur); an ordinary user has \"hart run\"");

	if (r >= 0)
		r = hide_in_cgroup(s, e);
	/* Members join its user namespace, instead of one that the primary brings. */
	if (r >= 0 && s->shared.own & 1U << OCI_NS_USER)
		r = shared_hold(&s->shared, s->standin.process.pid, s->standin.process.pidfd, FD_NONE, ~(1U << OCI_NS_USER), e);
	return r < 0 ? r : service_save(s, e);
}

int service_standin_enter(struct service *s, void (*done)(struct service *s), struct err *e)
{
	struct member *m = &s->members[0];

	if (m->mount_ns_fd < 0)
		return err_msg(e, EIO, "the primary's mount namespace cannot be held");
	s->standin.done = done;
	s->standin.follows = s->generation + 1; /* what the primary will be when it is let go */
	return join_first(s, m, e);
}

void service_standin_started(struct service *s)
{
	struct err e = ERR_INIT;

	if (leave_shown_cgroup(s, &e) < 0)
		service_warn(s, NULL, &e);
	if (standin_at_end(&s->standin.process, STANDIN_WAITS, &e) < 0)
		service_warn(s, NULL, &e);
}

int service_standin_adopt(struct service *s, struct err *e)
{
	const struct state *st = s->container.state;
	int pidfd, r;

	if (!st->standin_pid)
		return 0;
	pidfd = statefile_standin(st);
	if (pidfd < 0)
		return err_msg(e, ESRCH, "the stand-in of \"%s\" has ended, and its members with it: delete it", s->id);
	set_callbacks(s);
	r = standin_adopt(&s->standin.process, &s->loop, (pid_t)st->standin_pid, pidfd,
			  s->shared.own & 1U << OCI_NS_PID, s->container.dir_fd, e);
	return r < 0 ? r : shared_hold(&s->shared, s->standin.process.pid, s->standin.process.pidfd, FD_NONE, 0, e);
}

/* From here on it ends with our connection, however that ends; a paused one would not hear of it. */
void service_standin_end(struct service *s)
{
	struct cgroup cg = CGROUP_INIT;
	struct err e = ERR_INIT;

	if (s->standin.process.source.fd < 0)
		return;
	if (standin_at_end(&s->standin.process, s->outcome.status, &e) < 0)
		service_warn(s, NULL, &e);
	if (cgroup_open(&cg, s->container.state->cgroup, &e) < 0 || cgroup_frozen(&cg, &e) <= 0 ||
	    cgroup_freeze(&cg, false, &e) >= 0)
		err_clear(&e);
	if (e.code)
		service_warn(s, NULL, &e);
	cgroup_close(&cg);
}

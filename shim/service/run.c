/* SPDX-License-Identifier: Apache-2.0 */
/*
 * service/run: the life of a shim from the command line's call to the end of the service: claim, signals, memory
 * lock, the loop, and what is left behind. Detached, the shim is a child that tells when the service is active.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/trim.h"
#include "foreground.h"
#include "pidfile.h"
#include "seal.h"
#include "service/listen.h"
#include "service/manager.h"
#include "service/parts.h"
#include "service/replace.h"
#include "service/terms.h"

/* -- signals --------------------------------------------------------------------------------- */

static void on_signals(struct source *src, uint32_t events)
{
	struct service *s = LOOP_OWNER(src, struct service, signals);
	struct signalfd_siginfo info;

	(void)events;
	while (read(src->fd, &info, sizeof info) == (ssize_t)sizeof info) {
		int sig = (int)info.ssi_signo;
		if (sig == SIGCHLD)
			service_reap(s);
		else if (sig != SIGPIPE && sig != SIGTTIN && sig != SIGTTOU && sig != SIGURG &&
			 sig != SIGWINCH)
			service_signalled(s, sig);
	}
}

/* -- start and end --------------------------------------------------------------------------- */

static int lock_memory(struct service *s, struct err *e)
{
	if (s->policy->mlock && mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) < 0)
		return err_set(e, errno, "--mlock: lock memory");
	return 0;
}

static int start_loop(struct service *s, struct foreground *f, struct err *e)
{
	int r = foreground_open(f, e);

	if (r >= 0)
		r = loop_init(&s->loop, e);
	if (r >= 0)
		r = loop_add(&s->loop, &s->signals, f->signal_fd, EPOLLIN, on_signals, e);
	if (r >= 0 && prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		r = err_set(e, errno, "become a subreaper");
	return r;
}

static int run_init_members(struct service *s, struct err *e)
{
	const struct policy *p = s->policy;
	int n = 1 + (int)p->n_standbys;

	if (n > MACHINE_MEMBERS_MAX)
		return err_msg(e, E2BIG, "more than %d standbys", MACHINE_MEMBERS_MAX - 1);
	machine_init(&s->machine, &p->machine, n, (uint32_t)loop_now_ns());
	service_set_modes(s);
	member_init(&s->members[0], &s->common, s, 0, "primary");
	for (int i = 1; i < n; i++) {
		char name[MEMBER_NAME_MAX];
		snprintf(name, sizeof name, "standby-%d", i);
		member_init(&s->members[i], &s->common, s, i, name);
		s->members[i].dir = strdup(p->standbys[i - 1]);
		if (!s->members[i].dir)
			return err_set(e, ENOMEM, "keep the standbys");
	}
	return 0;
}

static void remove_sockets(struct service *s)
{
	for (unsigned i = 0; i < s->policy->n_listen; i++)
		if (i < s->store.set.n)
			listen_remove(&s->policy->listen[i], s->store.set.v[i].fd);
		else if (!s->id_is_new) /* nobody had it any more */
			listen_remove_stale(&s->policy->listen[i]);
}

/* Also after a start that failed half-way. */
static void finish(struct service *s, struct foreground *f)
{
	watch_end(&s->watch);
	folder_watch_end(&s->folder);
	unit_watch_end(&s->unit);
	pause_close(&s->pause);
	worker_stop(&s->poststart.worker);
	heat_finish(s);
	for (int i = 0; i < s->machine.n_members; i++)
		own_sockets_drop(&s->own_sockets, &s->members[i]);
	manager_close(&s->manager);
	for (int i = 0; i < s->machine.n_members; i++)
		member_finish(&s->members[i]);
	ctl_close(&s->ctl);
	fdstore_finish(&s->store);
	record_finish(&s->record);
	shared_finish(&s->shared);
	runtime_close(&s->members_rt);
	loop_finish(&s->loop);
	foreground_close(f);
	free(s->made.config_json);
	free(s->made.bundle);
}

/* In the foreground nothing stays; a detached one stays, stopped, until `delete`. */
static int leave(struct service *s, bool has_run, struct err *e)
{
	struct container *c = &s->container;
	struct err more = ERR_INIT;
	int r;

	if (c->dir_fd < 0)
		return 0;
	c->state->supervisor_pid = 0;
	r = container_relock(c, &more);
	if (r == -ENOENT)
		return service_leave_no_cgroup(s, e); /* somebody deleted it */
	if (r >= 0)
		r = !has_run || (s->made.foreground && !s->made.keep) ? service_delete(s->rt, c, true, &more)
							    : service_save(s, &more);
	return r < 0 ? err_msg(e, -r, "%s", more.text) : 0;
}

static void on_ports_said(struct service_ports *p, int member, const char *text)
{
	struct service *s = LOOP_OWNER(p, struct service, ports);
	struct member *m = member < 0 || member >= s->machine.n_members ? NULL : &s->members[member];
	struct err why = ERR_INIT;

	err_msg(&why, EIO, "%s", text);
	if (m)
		service_warn_caused(s, m, &why);
	else
		service_warn(s, m, &why);
}

static void on_ports_listens(struct service_ports *p, int member, unsigned addresses, const char *address)
{
	struct service *s = LOOP_OWNER(p, struct service, ports);
	struct err why = ERR_INIT;

	if (member < 0 || member >= s->machine.n_members)
		return;
	err_msg(&why, EIO, "listens on %s, which is held", address);
	if (*address)
		service_warn_caused(s, &s->members[member], &why);
	heat_listens(s, &s->members[member], addresses);
}

static int open_ports(struct service *s, struct err *e)
{
	s->ports.said = on_ports_said;
	s->ports.listens = on_ports_listens;
	return service_ports_open(&s->ports, &s->loop, s->policy, s->container.dir_fd, !s->id_is_new, e);
}

static int watch_pause(struct service *s, struct err *e)
{
	return pause_watch(&s->pause, &s->loop, s->members, s->container.state->cgroup, e);
}

static void on_folder_removed(struct folder_watch *f)
{
	struct service *s = LOOP_OWNER(f, struct service, folder);

	log_warn("%s: its state folder has been removed: the service ends", s->id);
	service_stop(s, SIGKILL);
}

static void on_unit_stopped(struct unit_watch *u)
{
	struct service *s = LOOP_OWNER(u, struct service, unit);

	log_warn("%s: its unit %s is being stopped: the service ends", s->id, s->container.state->systemd_unit);
	service_stop(s, SIGTERM);
}

/* What cannot be watched is told: a service must not fail for it. */
static void watch_surroundings(struct service *s)
{
	struct err e = ERR_INIT;

	s->folder.removed = on_folder_removed;
	s->unit.stopped = on_unit_stopped;
	if (folder_watch_begin(&s->folder, &s->loop, &s->container, &e) < 0)
		log_warn("%s: %s", s->id, e.text); /* the host allows so many of them */
	if (unit_watch_begin(&s->unit, &s->loop, &s->container, &e) < 0)
		service_warn(s, NULL, &e);
}

static void tell_warnings(struct service *s)
{
	for (size_t i = 0; i < s->made.warnings.n; i++) {
		struct err why = ERR_INIT;
		err_msg(&why, EINVAL, "%s", s->made.warnings.v[i]);
		service_warn(s, NULL, &why);
	}
}

typedef int step_fn(struct service *s, struct err *e);

static int set_up(struct service *s, struct foreground *f, struct err *e)
{
	static step_fn *const steps_new[] = {
		run_init_members, service_claim, open_ports, watch_pause, service_listen_ctl, lock_memory, NULL,
	};
	static step_fn *const steps_adopted[] = {
		service_take_up, service_record_self, open_ports, watch_pause, service_listen_ctl, lock_memory, NULL,
	};
	step_fn *const *step = s->id_is_new ? steps_new : steps_adopted;
	int r = start_loop(s, f, e);

	service_own(s);
	if (s->hold.is_on)
		s->take_event = service_hold_event;
	for (; r >= 0 && *step; step++)
		r = (*step)(s, e);
	if (r >= 0) {
		manager_open(&s->manager, &s->loop, s->id);
		watch_surroundings(s);
	}
	container_unlock(&s->container);
	return r;
}

static void run_begin(struct service *s)
{
	struct machine_event start = { .type = EVENT_START, .member = 0, .cause = CAUSE_START };
	struct journal_record first = { .to = machine_state_name(SERVICE_STARTING), .status = -1,
					.cause = machine_cause_name(CAUSE_START) };

	if (s->id_is_new) {
		record_stands_at_start(&s->record, &s->machine);
		service_tell(s, &happening_starting, &first);
	}
	tell_warnings(s);
	if (!s->id_is_new)
		service_begin_adopted(s);
	else if (s->hold.is_on)
		service_hold_begin(s);
	else
		service_event(s, &start);
}

/* To the end of the service. */
static int run_loop(struct service *s, struct err *e)
{
	memory_trim();
	log_never_waits(true);
	run_begin(s);
	int r = loop_run(&s->loop, e);
	if (r < 0)
		service_warn(s, NULL, e);
	log_never_waits(false);
	return r;
}

static int say_outcome(struct service *s, struct err *e)
{
	service_last_words(s);
	if (!s->outcome.failure.code)
		return 0;
	*e = s->outcome.failure;
	return -e->code;
}

static int supervise(struct service *s, int *ret_status, struct err *e)
{
	struct foreground f = FOREGROUND_INIT;
	int r = set_up(s, &f, e);
	bool is_left_alone = r < 0 && !s->id_is_new; /* could not be adopted: perhaps later */

	if (r >= 0) {
		r = run_loop(s, e);
		is_left_alone = r < 0 && s->outcome.was_up; /* members run on */
	}
	bool has_run = !s->id_is_new || s->outcome.was_up || s->hold.was_created;
	if (r >= 0)
		r = say_outcome(s, e);
	*ret_status = s->outcome.status;
	if (is_left_alone) {
		service_ports_leave(&s->ports);
	} else {
		service_ports_close(&s->ports);
		remove_sockets(s);
		service_standin_end(s);
	}
	callouts_finish(&s->callouts);
	finish(s, &f);
	int left = is_left_alone ? 0 : leave(s, has_run, e);
	standin_close(&s->standin.process);
	container_close(&s->container);
	return r < 0 ? r : left;
}

/* -- detached -------------------------------------------------------------------------------- */

static _Noreturn void run_become_shim(struct service *s)
{
	struct err e = ERR_INIT;
	int status = 0, null = open("/dev/null", O_RDWR | O_CLOEXEC);

	setsid();
	if (s->hold.is_on) {
		s->ends.out_fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
		s->ends.err_fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	}
	for (int fd = 0; fd < 3 && null >= 0; fd++)
		dup2(null, fd);
	fd_close(&null);
	const int keep[] = { s->waiters.caller_fd, s->rt->root_fd, s->ends.out_fd, s->ends.err_fd, s->container.dir_fd,
			     s->container.pidfd, log_fd() };
	/* What the caller's caller had open is not ours to hold. */
	fd_close_others(keep, sizeof keep / sizeof *keep);
	if (chdir("/") < 0)
		_exit(1);
	if (supervise(s, &status, &e) >= 0)
		_exit(status);
	service_tell_caller(s, &e);
	log_error("%s: %s", s->id, e.text);
	_exit(status ? status : 1);
}

static int run_detached(struct service *s, int *ret_status, struct err *e)
{
	struct err answer = ERR_INIT;
	int fds[2], status;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_set(e, errno, "make a pipe for the shim");
	pid_t pid = fork();
	if (pid == 0) {
		close(fds[0]);
		s->waiters.caller_fd = fds[1];
		run_become_shim(s);
	}
	close(fds[1]);
	ssize_t n = pid < 0 ? 0 : read(fds[0], &answer, sizeof answer);
	for (; n == (ssize_t)sizeof answer && answer.code == EAGAIN; n = read(fds[0], &answer, sizeof answer))
		log_warn("%s", answer.text);
	close(fds[0]);
	if (pid < 0)
		return err_set(e, errno, "fork the shim");
	*ret_status = 0;
	if (n == (ssize_t)sizeof answer)
		return answer.code ? err_msg(e, answer.code, "%s", answer.text) : 0;
	/* It came to its end before it was ever active. */
	if (waitpid(pid, &status, 0) == pid && WIFEXITED(status)) {
		*ret_status = WEXITSTATUS(status);
		return 0;
	}
	return err_msg(e, EIO, "the shim was killed");
}

int service_run(struct runtime *rt, const struct create_opts *o, const struct policy_flags *flags,
		int *ret_status, struct err *e)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct service_terms t;
	int r = service_terms(&a, o, flags, &t, e);
	struct service *s = r < 0 ? NULL : service_new(rt, o, &t);

	if (!s)
		return r < 0 ? r : err_set(e, ENOMEM, "make the service");
	seal_release();
	r = o->detach ? run_detached(s, ret_status, e) : supervise(s, ret_status, e);
	free(s);
	return r;
}

/* By its annotations alone. */
static int run_hold(struct runtime *rt, const struct create_opts *o, const struct service_ends *ends,
		    int (*run)(struct service *s, int *ret_status, struct err *e), int *ret_status, struct err *e)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct service_terms t;
	int r = service_terms(&a, o, NULL, &t, e);
	struct service *s = r < 0 ? NULL : service_new(rt, o, &t);

	if (!s)
		return r < 0 ? r : err_set(e, ENOMEM, "make the service");
	seal_release();
	s->hold.is_on = true;
	if (ends)
		s->ends = *ends;
	r = run(s, ret_status, e);
	free(s);
	return r;
}

int service_hold(struct runtime *rt, const struct create_opts *o, const struct service_ends *ends,
		 int *ret_status, struct err *e)
{
	struct create_opts detached = *o;

	detached.detach = true;
	detached.pid_file = NULL; /* the engine's, of whom it sees */
	int r = run_hold(rt, &detached, ends, supervise, ret_status, e);
	struct service_note note = { .why = *e };
	if (r < 0 && ends->notes_fd >= 0 && send(ends->notes_fd, &note, sizeof note, MSG_NOSIGNAL) < 0)
		err_in(e, "nobody listens");
	return r;
}

int service_create(struct runtime *rt, const struct create_opts *o, struct err *e)
{
	struct create_opts detached = *o;
	int status;

	detached.detach = true;
	return run_hold(rt, &detached, NULL, run_detached, &status, e);
}

int service_adopt(struct runtime *rt, const char *id, bool detach, int *ret_status, struct err *e)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct service *s = service_new(rt, NULL, NULL);
	int r;

	if (!s)
		return err_set(e, ENOMEM, "adopt the service");
	s->made.arena = &a;
	s->id = id;
	s->made.foreground = !detach;
	s->made.keep = true; /* as the detached service that it most likely was */
	r = container_open(rt, id, &s->container, e);
	if (r >= 0 && !container_is_service(&s->container))
		r = err_msg(e, EINVAL, "container \"%s\" is not a supervised service", id);
	s->adoption.is_own = r >= 0 && replace_is_own(s);
	if (s->adoption.is_own)
		replace_take_ends(s);
	else if (r >= 0 && container_is_supervised(&s->container))
		r = err_msg(e, EBUSY, "the shim of \"%s\" is alive", id);
	if (r >= 0 && !s->container.state->started)
		r = err_msg(e, EINVAL, "service \"%s\" was created and never started: delete it", id);
	if (r >= 0 && !s->container.state->supervisor_pid)
		r = err_msg(e, EINVAL, "service \"%s\" has ended", id);
	seal_release();
	if (r >= 0)
		r = detach && !s->adoption.is_own ? run_detached(s, ret_status, e) : supervise(s, ret_status, e);
	container_close(&s->container);
	free(s);
	return r;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* member: see member.h. What watches and ends one that exists; member_build.c makes it. */
#include "service/member.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/io.h"
#include "base/sys.h"
#include "handover.h"
#include "watch/pidfd_exit.h"
#include "wire/sync.h"

void member_init(struct member *m, const struct member_common *common, struct service *s, int index, const char *name)
{
	*m = (struct member){
		.service = s,
		.owner = common->owner,
		.common = common,
		.index = index,
		.worker = WORKER_INIT,
		.pidfd = FD_NONE,
		.gate_fd = FD_NONE,
		.cgroup_fd = FD_NONE,
		.kill_fd = FD_NONE,
		.events_fd = FD_NONE,
		.mount_ns_fd = FD_NONE,
		.out_fd = FD_NONE,
		.err_fd = FD_NONE,
		.exit_source = SOURCE_INIT,
		.gate_source = SOURCE_INIT,
		.events_source = SOURCE_INIT,
		.straggler = SOURCE_INIT,
		.notify = NOTIFY_INIT,
		.out = { .source = SOURCE_INIT, .read_fd = FD_NONE },
		.err = { .source = SOURCE_INIT, .read_fd = FD_NONE },
		.exit_status = -1,
		.watchdog_usec = -1,
	};
	strncpy(m->name, name, sizeof m->name - 1);
}

void member_tell(struct member *m, enum event_type type, enum machine_cause cause, int status)
{
	struct machine_event ev = { .type = type, .member = m->index, .cause = cause,
				    .status = status };

	m->owner->event(m, &ev);
}

/* For people: what is too long is cut, and nothing in it commands their terminal. */
void member_why(struct member *m, const char *text)
{
	snprintf(m->why, sizeof m->why, "%.*s", (int)sizeof m->why - 1, text);
	for (char *c = m->why; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
}

/* -- its gate -------------------------------------------------------------------------------- */

/* Its program comes first: woken by it, or having woken it, the shim has its processor. */
static void give_way(void)
{
	sched_yield();
}

/* READY: it waits; EXEC, then the end of file: its program runs. */
static void on_gate(struct source *src, uint32_t events)
{
	struct member *m = LOOP_OWNER(src, struct member, gate_source);
	struct err e = ERR_INIT;

	if (m->exec_is_next)
		give_way();
	int r = sync_recv(m->gate_fd, NULL, &e);

	(void)events;
	if (r == SYNC_READY) {
		member_tell(m, EVENT_BUILT, CAUSE_NONE, 0);
		return;
	}
	if (r == SYNC_EXEC) {
		m->exec_is_next = true;
		return;
	}
	loop_del(m->common->loop, &m->gate_source);
	fd_close(&m->gate_fd);
	/* Killed by us: it is nobody's successor any more, and its end is no failure. */
	if (r == SYNC_EOF && m->exec_is_next && !m->killed) {
		m->owner->released(m);
		member_tell(m, EVENT_RELEASED, CAUSE_NONE, 0);
	} else if (!m->killed) {
		member_why(m, r < 0 ? e.text : "exited before it was started");
		/* The end of one that was not let go is told by its exit; it cannot be let go any more. */
		if (m->generation || m->is_standby)
			member_tell(m, EVENT_RELEASE_FAILED, CAUSE_EXEC, 0);
		else
			member_signal(m, SIGKILL);
	}
	m->owner->past_gate(m);
}

bool member_is_taking_over(const struct member *m)
{
	return m->generation && m->gate_source.fd >= 0;
}

int member_watch_gate(struct member *m, struct err *e)
{
	return loop_add(m->common->loop, &m->gate_source, m->gate_fd, EPOLLIN, on_gate, e);
}

int member_release(struct member *m, const struct handover *h, struct err *e)
{
	if (m->gate_fd < 0)
		return err_msg(e, EPIPE, "%s is not at its gate", m->name);
	int r = handover_send(m->gate_fd, h, e);
	give_way();
	return r;
}

#define EXIT_WAIT_NS 500000LL

static void on_exit_of_init(struct source *src, uint32_t events);

/* -- its end --------------------------------------------------------------------------------- */

static bool is_populated(struct member *m)
{
	char text[128];
	ssize_t n = m->events_fd < 0 ? 0 : pread(m->events_fd, text, sizeof text - 1, 0);

	if (n <= 0)
		return false; /* the cgroup is gone */
	text[n] = '\0';
	return strstr(text, "populated 1") != NULL;
}

static void member_stop_waiting(struct member *m)
{
	int straggler = m->straggler.fd;

	loop_del(m->common->loop, &m->events_source);
	loop_del(m->common->loop, &m->straggler);
	fd_close(&straggler);
}

static void confirm(struct member *m);

static void on_events(struct source *src, uint32_t events)
{
	(void)events;
	confirm(LOOP_OWNER(src, struct member, events_source));
}

static void on_straggler(struct source *src, uint32_t events)
{
	struct member *m = LOOP_OWNER(src, struct member, straggler);
	int fd = src->fd;

	(void)events;
	loop_del(m->common->loop, src);
	close(fd);
	confirm(m);
}

/* The kernel holds a change of cgroup.events back for up to 10 ms after the one before; the pidfd of a
 * process that is left tells at once. */
static void watch_straggler(struct member *m)
{
	struct err ignored;
	char text[64];

	if (m->straggler.fd >= 0 ||
	    io_read_small(m->cgroup_fd, "cgroup.procs", text, sizeof text, NULL) <= 0)
		return;
	int pid = atoi(text), fd = pid > 0 ? sys_pidfd_open(pid, 0) : FD_NONE;
	if (fd >= 0 && loop_add(m->common->loop, &m->straggler, fd, EPOLLIN, on_straggler,
				&ignored) < 0)
		close(fd);
}

/* Empty is: init has ended and the cgroup has no process. */
static void confirm(struct member *m)
{
	struct err ignored;

	if (!m->fencing || (m->pidfd >= 0 && !m->init_gone))
		return;
	if (!is_populated(m)) {
		m->fencing = false;
		member_stop_waiting(m);
		member_tell(m, EVENT_EMPTY, CAUSE_NONE, 0);
		return;
	}
	if (m->events_source.fd < 0)
		loop_add(m->common->loop, &m->events_source, m->events_fd, EPOLLPRI, on_events,
			 &ignored);
	watch_straggler(m);
	/* What changed between the look and the watch. */
	if (!is_populated(m) && m->fencing)
		confirm(m);
}

static void on_exit_again(struct timer *t)
{
	struct member *m = LOOP_OWNER(t, struct member, exit_wait);

	on_exit_of_init(&m->exit_source, EPOLLIN);
}

/* What it has said last counts: descriptors that it parks for its successor may still be looked at. */
static bool has_said_all(struct member *m)
{
	if (m->killed || notify_drain(&m->notify))
		return true;
	loop_del(m->common->loop, &m->exit_source);
	loop_timer(m->common->loop, &m->exit_wait, EXIT_WAIT_NS, on_exit_again);
	return false;
}

static void on_exit_of_init(struct source *src, uint32_t events)
{
	struct member *m = LOOP_OWNER(src, struct member, exit_source);

	(void)events;
	long long now_ns = loop_now_ns();
	if (!has_said_all(m))
		return;
	/* That its program ran comes before that it ended. */
	while (m->generation && m->gate_source.fd >= 0)
		on_gate(&m->gate_source, EPOLLIN);
	loop_del(m->common->loop, &m->exit_source);
	m->init_gone = true;
	m->exit_status = pidfd_exit_status(m->pidfd);
	m->owner->ended(m, now_ns);
	confirm(m);
}

int member_watch_exit(struct member *m, struct err *e)
{
	return loop_add(m->common->loop, &m->exit_source, m->pidfd, EPOLLIN, on_exit_of_init, e);
}

void member_signal(struct member *m, int sig)
{
	if (m->pidfd >= 0)
		sys_pidfd_send_signal(m->pidfd, sig);
}

void member_kill(struct member *m)
{
	worker_stop(&m->worker);
	m->build_after = false;
	m->fencing = m->killed = true;
	/* Without a cgroup there is nothing but init, if that. */
	if (m->kill_fd < 0 || (write(m->kill_fd, "1", 1) < 0 && errno != ENODEV))
		member_signal(m, SIGKILL);
	confirm(m);
}

/* -- forgetting ------------------------------------------------------------------------------ */

/* What the machine waits for while nothing of it exists: its next build, its next start. */
static bool outlives_member(size_t kind)
{
	return kind == TIMER_BACKOFF || kind == TIMER_START;
}

static void stop_timers(struct member *m, bool all)
{
	for (size_t i = 0; i < TIMERS; i++)
		if (all || !outlives_member(i))
			loop_timer_stop(m->common->loop, &m->timers[i].timer);
}

void member_forget(struct member *m)
{
	struct loop *l = m->common->loop;

	stop_timers(m, false);
	loop_timer_stop(l, &m->exit_wait);
	member_stop_waiting(m);
	loop_del(l, &m->exit_source);
	loop_del(l, &m->gate_source);
	if (m->init_gone)
		pidfd_collect(m->pidfd);
	notify_close(&m->notify);
	logpipe_close(&m->out);
	logpipe_close(&m->err);
	fd_close(&m->pidfd);
	fd_close(&m->gate_fd);
	fd_close(&m->cgroup_fd);
	fd_close(&m->kill_fd);
	fd_close(&m->events_fd);
	fd_close(&m->mount_ns_fd);
	m->pid = 0;
	m->generation = 0;
	m->init_gone = m->fencing = m->killed = m->exec_is_next = false;
	m->watchdog_usec = -1;
	m->status[0] = '\0';
}

bool member_exists(const struct member *m)
{
	return m->pidfd >= 0 && !m->init_gone;
}

bool member_is_idle(const struct member *m)
{
	return !worker_is_busy(&m->worker) && m->pidfd < 0 && !m->discard_after;
}

void member_finish(struct member *m)
{
	worker_stop(&m->worker);
	member_forget(m);
	stop_timers(m, true);
	free(m->dir);
	m->dir = NULL;
}

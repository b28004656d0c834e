/* SPDX-License-Identifier: Apache-2.0 */
/* keeper: see ports/keeper.h. The process itself: a loop over its socket, its connections, the members' filters. */
#include "ports/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/spawn.h"
#include "base/sys.h"
#include "ports/door.h"
#include "ports/keeper_probe.h"
#include "loop/loop.h"
#include "ports/notice.h"
#include "ports/table.h"

#define CONNECTIONS_MAX (PORT_MEMBERS_MAX + 8)
#define SOON_MS 20

struct connection {
	struct source source; /* fd FD_NONE: a free place */
	struct port_keeper *keeper;
	bool watches; /* PORTS_WATCH */
	struct keeper_probe probe;
};

struct filter {
	struct source source; /* the listener of a member's filter */
	struct port_keeper *keeper;
	int member;
};

struct port_keeper {
	struct loop loop;
	struct port_table table;
	struct source door, folder;
	struct connection connections[CONNECTIONS_MAX];
	struct filter filters[PORT_MEMBERS_MAX];
	struct timer again;
};

/* -- telling --------------------------------------------------------------------------------- */

static void tell(struct port_keeper *k, enum port_message_type type, int member, unsigned number, const char *text)
{
	struct port_message m = { .type = type, .member = member, .number = (int32_t)number };

	snprintf(m.text, sizeof m.text, "%s", text);
	for (int i = 0; i < CONNECTIONS_MAX; i++)
		if (k->connections[i].watches)
			port_message_send(k->connections[i].source.fd, &m, NULL);
}

static void on_listens(struct port_table *t, int member, const char *address)
{
	tell(LOOP_OWNER(t, struct port_keeper, table), PORTS_LISTENS, member, port_table_count(t, member), address);
}

static void on_warning(struct port_table *t, int member, const char *text)
{
	tell(LOOP_OWNER(t, struct port_keeper, table), PORTS_WARNING, member, 0, text);
}

static void on_again(struct timer *t)
{
	struct port_keeper *k = LOOP_OWNER(t, struct port_keeper, again);
	unsigned ms = port_table_look_again(&k->table);

	if (ms)
		loop_timer(&k->loop, &k->again, ms * NS_PER_MS, on_again);
}

/* -- members --------------------------------------------------------------------------------- */

static void forget_filter(struct filter *f)
{
	int fd = f->source.fd;

	loop_del(&f->keeper->loop, &f->source);
	fd_close(&fd);
}

/* EPOLLHUP: no process is left that has the filter. */
static void on_filter(struct source *s, uint32_t events)
{
	struct filter *f = LOOP_OWNER(s, struct filter, source);
	struct port_keeper *k = f->keeper;
	struct port_notice n;

	if (events & EPOLLIN) {
		if (port_notice_receive(s->fd, &n))
			port_table_notice(&k->table, f->member, &n);
		loop_timer(&k->loop, &k->again, (k->table.n_waiting ? 1 : SOON_MS) * NS_PER_MS, on_again);
	} else if (events & (EPOLLHUP | EPOLLERR)) {
		forget_filter(f);
		port_table_leave(&k->table, f->member);
	}
}

/* `net_fd`: a network namespace, or the pidfd of a process in it. */
static int settle(struct port_keeper *k, int net_fd, struct err *e)
{
	if (k->table.netns_cookie)
		return 0;
	if (setns(net_fd, CLONE_NEWNET) < 0)
		return err_set(e, errno, "enter the service's network namespace");
	return port_table_settle(&k->table, e);
}

/* fds: the filter's listener, init's pidfd, the cgroup. */
static int keeper_enter(struct port_keeper *k, int member, int *fds, struct err *e)
{
	struct filter *f = &k->filters[member];

	if (fds[1] < 0)
		return err_msg(e, EINVAL, "the request brings no descriptors of the member");
	int r = settle(k, fds[1], e);
	if (r < 0)
		return r;
	forget_filter(f);
	port_table_enter(&k->table, member, fd_take(&fds[2]));
	r = loop_add(&k->loop, &f->source, fds[0], EPOLLIN, on_filter, e);
	if (r >= 0)
		fd_take(&fds[0]);
	return r;
}

/* fds: the socket, whose network it is in. */
static int give(struct port_keeper *k, int member, int nth, int *fds, struct err *e)
{
	int r = fds[0] < 0 || fds[1] < 0 ? err_msg(e, EINVAL, "the request brings no descriptors of the socket") : settle(k, fds[1], e);

	if (r >= 0)
		port_table_give(&k->table, member, &fds[0], nth);
	return r;
}

static void retire(struct port_keeper *k, int member)
{
	forget_filter(&k->filters[member]);
	port_table_leave(&k->table, member);
}

/* -- requests -------------------------------------------------------------------------------- */

/* What others were told before, with no text. */
static void tell_what_was(struct connection *c)
{
	struct port_message m = { .type = PORTS_LISTENS };

	for (m.member = 0; m.member < PORT_MEMBERS_MAX; m.member++) {
		m.number = (int32_t)port_table_count(&c->keeper->table, m.member);
		if (m.number)
			port_message_send(c->source.fd, &m, NULL);
	}
}

/* Fills the answer; *ret_fd: what goes with it, the caller's. */
static void handle(struct connection *c, struct port_message *m, int *fds, int *ret_fd)
{
	struct port_keeper *k = c->keeper;
	struct err e = ERR_INIT;
	bool has_member = m->member >= 0 && m->member < PORT_MEMBERS_MAX;
	int r = 0;

	if (m->type == PORTS_QUERY) {
		m->type = PORTS_ROWS;
		m->n_rows = port_table_rows(&k->table, m->rows);
		return;
	}
	if (m->type == PORTS_WATCH)
		c->watches = true;
	else if (m->type == PORTS_END)
		loop_stop(&k->loop);
	else if (m->type == PORTS_ACTIVE && (has_member || m->member == -1))
		port_table_activate(&k->table, m->member);
	else if (m->type == PORTS_MEMBER && has_member)
		r = keeper_enter(k, m->member, fds, &e);
	else if (m->type == PORTS_SOCKET && has_member)
		r = give(k, m->member, m->number, fds, &e);
	else if (m->type == PORTS_RETIRE && has_member)
		retire(k, m->member);
	else if (m->type == PORTS_PROBE && has_member)
		r = keeper_probe_begin(&c->probe, &k->table, m->member, m->text, m->number, ret_fd, &e);
	else
		r = err_msg(&e, EPROTO, "unknown request to the keeper of the ports: %u", m->type);
	*m = (struct port_message){ .type = r < 0 ? PORTS_FAILED : PORTS_DONE, .number = -r };
	snprintf(m->text, sizeof m->text, "%.*s", (int)sizeof m->text - 1, e.text);
}

static void hang_up(struct connection *c)
{
	int fd = c->source.fd;

	loop_del(&c->keeper->loop, &c->source);
	fd_close(&fd);
	c->watches = false;
	keeper_probe_end(&c->probe);
}

static void on_request(struct source *s, uint32_t events)
{
	struct connection *c = LOOP_OWNER(s, struct connection, source);
	int fds[PORT_MESSAGE_FDS], answer[PORT_MESSAGE_FDS] = { FD_NONE };
	struct port_message m;
	bool watched = c->watches;

	(void)events;
	if (port_message_receive(s->fd, &m, fds) <= 0) {
		hang_up(c);
		return;
	}
	handle(c, &m, fds, &answer[0]);
	for (int i = 0; i < PORT_MESSAGE_FDS; i++)
		fd_close(&fds[i]);
	if (port_message_send(s->fd, &m, answer) < 0)
		hang_up(c);
	else if (c->watches && !watched)
		tell_what_was(c);
	fd_close(&answer[0]);
}

static void on_keeper_connection(struct source *s, uint32_t events)
{
	struct port_keeper *k = LOOP_OWNER(s, struct port_keeper, door);
	struct err ignored;
	_cleanup_fd_ int fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)events;
	for (int i = 0; fd >= 0 && i < CONNECTIONS_MAX; i++)
		if (k->connections[i].source.fd < 0) {
			if (loop_add(&k->loop, &k->connections[i].source, fd, EPOLLIN, on_request, &ignored) >= 0)
				fd_take(&fd);
			return;
		}
}

/* -- its life -------------------------------------------------------------------------------- */

static bool says_removed(const char *events, ssize_t len)
{
	struct inotify_event ev;

	for (ssize_t at = 0; at + (ssize_t)sizeof ev <= len; at += (ssize_t)sizeof ev + ev.len) {
		memcpy(&ev, events + at, sizeof ev);
		if (ev.mask & IN_DELETE_SELF || (ev.len && !strcmp(events + at + sizeof ev, PORTS_FILE)))
			return true;
	}
	return false;
}

/* Whoever deletes the service removes our socket. */
static void on_folder(struct source *s, uint32_t events)
{
	char buf[4096];
	ssize_t n;

	(void)events;
	while ((n = read(s->fd, buf, sizeof buf)) > 0)
		if (says_removed(buf, n))
			loop_stop(&LOOP_OWNER(s, struct port_keeper, folder)->loop);
}

static int keeper_watch_folder(struct port_keeper *k, int folder_fd, struct err *e)
{
	int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	if (fd < 0 || inotify_add_watch(fd, path_of_fd(folder_fd).text, IN_DELETE | IN_DELETE_SELF) < 0)
		return err_set(e, errno, "watch the state folder");
	return loop_add(&k->loop, &k->folder, fd, EPOLLIN, on_folder, e);
}

static int keeper_prepare(struct port_keeper *k, const struct keeper_opts *o, int door, struct err *e)
{
	port_table_init(&k->table, o->policy, o->n_policy);
	k->table.listens = on_listens;
	k->table.warn = on_warning;
	int r = loop_init(&k->loop, e);
	if (r >= 0)
		r = loop_add(&k->loop, &k->door, door, EPOLLIN, on_keeper_connection, e);
	return r < 0 ? r : keeper_watch_folder(k, o->folder_fd, e);
}

static void keeper_keep(struct port_keeper *k)
{
	struct err e = ERR_INIT;

	for (int i = 0; i < CONNECTIONS_MAX; i++)
		k->connections[i] = (struct connection){ .source = SOURCE_INIT, .keeper = k };
	for (int i = 0; i < PORT_MEMBERS_MAX; i++)
		k->filters[i] = (struct filter){ .source = SOURCE_INIT, .keeper = k, .member = i };
	loop_run(&k->loop, &e);
	port_table_finish(&k->table);
}

/* The answer to the process that has started it: an empty error when all is well. */
static _Noreturn void keeper_child(const struct keeper_opts *o, int door, int answer_fd)
{
	const int kept[] = { o->folder_fd, door, answer_fd };
	struct port_keeper k = { .door = SOURCE_INIT, .folder = SOURCE_INIT };
	struct err e = ERR_INIT;

	setsid();
	prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);
	prctl(PR_SET_NAME, "hart-ports", 0, 0, 0);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	signal(SIGCHLD, SIG_IGN); /* of those the kernel collects: some hang for long */
	fd_close_others(kept, sizeof kept / sizeof *kept);
	int r = keeper_prepare(&k, o, door, &e);
	if (write(answer_fd, &e, sizeof e) != (ssize_t)sizeof e || r < 0)
		_exit(1);
	close(answer_fd);
	close(o->folder_fd);
	keeper_keep(&k);
	_exit(0);
}

int port_keeper_start(const struct keeper_opts *o, pid_t *ret_pid, struct err *e)
{
	_cleanup_fd_ int door = keeper_socket_listen(o->folder_fd, e);
	_cleanup_fd_ int pidfd = FD_NONE;
	struct err answer = ERR_INIT;
	int fds[2];

	if (door < 0)
		return door;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_set(e, errno, "make a pipe for the keeper of the ports");
	struct clone_args args = { .flags = CLONE_PIDFD, .pidfd = (uintptr_t)&pidfd, .exit_signal = SIGCHLD };
	pid_t pid = spawn_process(&args);
	if (pid == 0) {
		close(fds[0]);
		keeper_child(o, door, fds[1]);
	}
	int errnum = errno;
	close(fds[1]);
	ssize_t n = pid < 0 ? 0 : read(fds[0], &answer, sizeof answer);
	close(fds[0]);
	if (pid < 0)
		return err_set(e, errnum, "start the keeper of the ports");
	if (n != (ssize_t)sizeof answer)
		return err_msg(e, EIO, "the keeper of the ports ended at its start");
	*ret_pid = pid;
	return answer.code ? err_msg(e, answer.code, "%s", answer.text) : fd_take(&pidfd);
}

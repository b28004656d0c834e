/* SPDX-License-Identifier: Apache-2.0 */
/* ports: see service/ports.h. */
#include "service/ports.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/caller.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/sys.h"
#include "json.h"
#include "ports/keeper.h"
#include "policy/policy.h"
#include "ports/message.h"

#define ROWS_MS 50
#define LETS_IN_MS 10
#define ENDS_MS 2000 /* less than a forced delete waits for the shim */

static void disconnect(struct service_ports *p)
{
	int fd = p->reports.fd;

	loop_del(p->loop, &p->reports);
	fd_close(&fd);
}

static void stop_asking(struct service_ports *p)
{
	fd_close(&p->query_fd);
	p->unanswered = 0;
	p->said_last.n_rows = 0;
}

static void forget_keeper(struct service_ports *p)
{
	int fd = p->keeper.fd;

	if (fd >= 0)
		loop_del(p->loop, &p->keeper);
	fd_close(&fd);
	p->keeper_pid = 0;
}

/* Neither child nor connection is left. */
static bool has_no_keeper(const struct service_ports *p)
{
	return p->keeper.fd < 0 && p->reports.fd < 0;
}

static void lost(struct service_ports *p)
{
	if (p->ended)
		return;
	p->stale = ~0U;
	p->active = -1;
	p->said(p, -1, "the keeper of the ports has ended: they are not held until who serves has ended, too");
}

static void on_keeper_gone(struct source *s, uint32_t events)
{
	struct service_ports *p = LOOP_OWNER(s, struct service_ports, keeper);

	(void)events;
	waitpid(p->keeper_pid, NULL, WNOHANG);
	forget_keeper(p);
	disconnect(p);
	lost(p);
}

static void on_report(struct source *s, uint32_t events)
{
	struct service_ports *p = LOOP_OWNER(s, struct service_ports, reports);
	struct port_message m;

	(void)events;
	if (port_message_receive(s->fd, &m, NULL) <= 0) {
		disconnect(p);
		if (has_no_keeper(p)) /* it was that of a shim before: nothing else tells its end */
			lost(p);
		return;
	}
	if (m.type == PORTS_WARNING || m.type == PORTS_FAILED)
		p->said(p, m.type == PORTS_WARNING ? m.member : -1, m.text);
	else if (m.type == PORTS_LISTENS)
		p->listens(p, m.member, (unsigned)m.number, m.text);
}

static int watch(struct service_ports *p, struct err *e)
{
	struct port_message m = { .type = PORTS_WATCH };
	_cleanup_fd_ int fd = port_keeper_connect(p->folder_fd, e);
	int r = fd < 0 ? fd : port_keeper_ask(fd, &m, NULL, NULL, e);

	if (r >= 0)
		r = loop_add(p->loop, &p->reports, fd, EPOLLIN, on_report, e);
	if (r >= 0)
		fd_take(&fd);
	return r;
}

static int ports_start(struct service_ports *p, const struct policy *policy, struct err *e)
{
	struct keeper_opts o = { .folder_fd = p->folder_fd, .policy = policy->ports, .n_policy = policy->n_ports };
	int pidfd = port_keeper_start(&o, &p->keeper_pid, e);

	if (pidfd < 0)
		return pidfd;
	int r = loop_add(p->loop, &p->keeper, pidfd, EPOLLIN, on_keeper_gone, e);
	if (r < 0)
		fd_close(&pidfd);
	return r < 0 ? r : watch(p, e);
}

int service_ports_open(struct service_ports *p, struct loop *l, const struct policy *policy, int folder_fd, bool adopt,
		       struct err *e)
{
	struct err none = ERR_INIT;

	if (!policy->n_ports && !policy->own_sockets)
		return 0;
	if (caller_is_unprivileged())
		return err_msg(e, EPERM, "--port: held ports need a BPF program, which only the host's root may load; "
					 "use --listen, or run hart as root");
	p->loop = l;
	p->folder_fd = folder_fd;
	if (adopt && watch(p, &none) >= 0)
		return 0;
	p->stale = adopt ? ~0U : 0;
	int r = ports_start(p, policy, e);
	return r < 0 ? err_in(e, policy->n_ports ? "--port" : "--listen") : r;
}

void service_ports_before_build(struct service_ports *p, const struct policy *policy, int member, bool alone)
{
	struct err e = ERR_INIT;

	p->stale &= ~(1U << member);
	if (!p->loop || p->ended || !alone || !has_no_keeper(p))
		return;
	if (ports_start(p, policy, &e) < 0) {
		forget_keeper(p);
		disconnect(p);
		p->said(p, -1, e.text);
		return;
	}
	stop_asking(p);
	p->said(p, -1, "the ports are held again, by a new keeper");
}

bool service_ports_are_lost(const struct service_ports *p, int member)
{
	return p->stale & 1U << member;
}

void service_ports_end(struct service_ports *p)
{
	struct port_message m = { .type = PORTS_END };

	if (p->loop && p->reports.fd >= 0 && !p->ended)
		p->ended = port_message_send(p->reports.fd, &m, NULL) >= 0;
}

void service_ports_close(struct service_ports *p)
{
	if (!p->loop)
		return;
	service_ports_end(p);
	struct pollfd end = { .fd = p->keeper.fd, .events = POLLIN };
	if (p->keeper_pid) {
		if (!p->ended || poll(&end, 1, ENDS_MS) == 0)
			sys_pidfd_send_signal(p->keeper.fd, SIGKILL);
		waitpid(p->keeper_pid, NULL, 0);
	}
	service_ports_leave(p);
}

void service_ports_leave(struct service_ports *p)
{
	if (!p->loop)
		return;
	forget_keeper(p);
	disconnect(p);
	stop_asking(p);
	p->loop = NULL;
}

void service_ports_activate(struct service_ports *p, int member)
{
	struct port_message m = { .type = PORTS_ACTIVE, .member = member };

	if (!p->loop || p->reports.fd < 0 || p->active == member)
		return;
	if (port_message_send(p->reports.fd, &m, NULL) < 0)
		p->said(p, member, "the keeper of the ports does not accept which member gets the clients");
	else
		p->active = member;
}

void service_ports_let_in(struct service_ports *p, int member)
{
	struct pollfd answer = { .fd = p->reports.fd, .events = POLLIN };

	if (!p->loop || p->active == member)
		return;
	service_ports_activate(p, member);
	if (p->active == member)
		poll(&answer, 1, LETS_IN_MS);
}

int service_ports_give(struct service_ports *p, int member, int nth, int fd, int net_fd, struct err *e)
{
	struct port_message m = { .type = PORTS_SOCKET, .member = member, .number = nth };
	const int fds[PORT_MESSAGE_FDS] = { fd, net_fd, FD_NONE };
	int r = p->reports.fd < 0 ? -EPIPE : port_message_send(p->reports.fd, &m, fds);

	return r < 0 ? err_set(e, -r, "give a socket to the keeper of the ports") : 0;
}

void service_ports_retire(struct service_ports *p, int member)
{
	struct port_message m = { .type = PORTS_RETIRE, .member = member };

	if (p->loop && p->reports.fd >= 0)
		port_message_send(p->reports.fd, &m, NULL);
}

int service_ports_enter(int folder_fd, int member, int listener_fd, int pidfd, int cgroup_fd, struct err *e)
{
	struct port_message m = { .type = PORTS_MEMBER, .member = member };
	const int fds[PORT_MESSAGE_FDS] = { listener_fd, pidfd, cgroup_fd };
	_cleanup_fd_ int fd = port_keeper_connect(folder_fd, e);
	int r = fd < 0 ? fd : port_keeper_ask(fd, &m, fds, NULL, e);

	return r < 0 ? err_in(e, "--port") : r;
}

static void put_row(struct json_out *o, const struct port_row *row, const char *active)
{
	char text[PORT_ADDRESS_TEXT_MAX];

	port_address_text(&row->address, text);
	json_begin_object(o);
	json_put_string(o, "address", text);
	json_put_string(o, "clientsGoTo", active);
	json_put_i64(o, "sockets", row->sockets);
	json_put_i64(o, "queued", row->queued);
	json_put_i64(o, "moved", (int64_t)row->moved);
	json_end_object(o);
}

/* Takes the answers that are there. */
static void hear(struct service_ports *p)
{
	struct port_message m;
	int r;

	while (p->unanswered && (r = port_message_receive(p->query_fd, &m, NULL)) != -EAGAIN) {
		if (r <= 0 || m.type != PORTS_ROWS) {
			stop_asking(p);
			return;
		}
		p->unanswered--;
		p->said_last = m;
	}
}

/* One that hangs is waited for once: takeovers must not wait for it. */
static void ask_for_rows(struct service_ports *p)
{
	const struct port_message m = { .type = PORTS_QUERY };
	struct err ignored;

	hear(p);
	if (p->unanswered)
		return;
	if (p->query_fd < 0)
		p->query_fd = port_keeper_connect(p->folder_fd, &ignored);
	if (p->query_fd < 0 || port_message_send(p->query_fd, &m, NULL) < 0) {
		stop_asking(p);
		return;
	}
	p->unanswered = 1;
	struct pollfd answer = { .fd = p->query_fd, .events = POLLIN };
	if (poll(&answer, 1, ROWS_MS) > 0)
		hear(p);
}

void service_ports_show(struct service_ports *p, struct json_out *o, const char *(*name)(void *arg, int member),
			void *arg)
{
	const struct port_message *answer = &p->said_last;

	if (!p->loop)
		return;
	ask_for_rows(p);
	json_key(o, "ports");
	json_begin_array(o);
	for (uint32_t i = 0; i < answer->n_rows; i++)
		put_row(o, &answer->rows[i], answer->rows[i].member < 0 ? NULL : name(arg, answer->rows[i].member));
	json_end_array(o);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* probe_ask: see probe_ask.h. Sockets are made by a stage in the member's namespaces and never block; commands
 * run by container_exec in a child of the shim, which also walks the path of a unix socket. */
#include "watch/probe_ask.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/address.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/io.h"
#include "base/spawn.h"
#include "base/sys.h"
#include "container.h"
#include "ns/ns.h"
#include "ports/keeper.h"
#include "ports/message.h"
#include "watch/probe_http.h"
#include "watch/probe_owner.h"

/* -- sockets --------------------------------------------------------------------------------- */

static socklen_t address_of(const struct probe_policy *p, union address *a)
{
	return p->kind == PROBE_UNIX ? address_unix(a, p->path) : address_ip(a, p->host, p->port);
}

static int connect_it(void *arg, struct err *e)
{
	const struct probe *p = arg;
	union address a;
	socklen_t len = address_of(p->policy, &a);
	_cleanup_fd_ int fd = socket(a.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (!len || fd < 0)
		return err_set(e, len ? errno : EINVAL, "make a socket");
	if (connect(fd, &a.any, len) < 0 && errno != EINPROGRESS)
		return err_set(e, errno, "connect");
	return fd_take(&fd);
}

/* Its network alone: no path of the member's is walked. */
static int open_socket(struct probe *p, struct err *e)
{
	return ns_call(p->target.pidfd, CLONE_NEWNET, connect_it, p, e);
}

/* -- by the keeper of the ports, which makes the connection reach this member ------------------- */

static int ask_keeper(struct probe *p, struct err *e)
{
	struct port_message m = { .type = PORTS_PROBE, .member = p->target.member, .number = p->policy->port };

	snprintf(m.text, sizeof m.text, "%s", p->policy->host);
	p->keeper_fd = port_keeper_connect(p->target.ports_dir_fd, e);
	if (p->keeper_fd < 0)
		return -e->code;
	int r = port_message_send(p->keeper_fd, &m, NULL);
	p->asks_keeper = r >= 0;
	return r < 0 ? err_set(e, -r, "ask the keeper of the ports") : 0;
}

/* The probe goes on with that socket. */
static int go_on_with(struct probe *p, int fd, char *why, size_t size)
{
	void (*ready)(struct source *s, uint32_t events) = p->source.ready;
	struct err e = ERR_INIT;

	p->fd = fd;
	loop_del(p->loop, &p->source);
	if (loop_add(p->loop, &p->source, fd, EPOLLOUT, ready, &e) >= 0)
		return PROBE_GOES_ON;
	snprintf(why, size, "%s", e.text);
	return PROBE_FAILED;
}

static int keeper_answers(struct probe *p, char *why, size_t size)
{
	int fds[PORT_MESSAGE_FDS];
	struct port_message m = { 0 };
	struct err e = ERR_INIT;
	int r = port_message_receive(p->keeper_fd, &m, fds);

	if (r == -EAGAIN)
		return PROBE_GOES_ON;
	p->asks_keeper = false;
	p->is_reached = r > 0 && m.type == PORTS_DONE && fds[0] >= 0;
	if (p->is_reached)
		return go_on_with(p, fds[0], why, size);
	/* The port is not held, or there is no keeper any more: as everybody connects. */
	if (r <= 0 || m.number == ESRCH) {
		int fd = open_socket(p, &e);
		if (fd >= 0)
			return go_on_with(p, fd, why, size);
	}
	snprintf(why, size, "%s", r <= 0 || m.number == ESRCH ? e.text : m.text);
	return PROBE_FAILED;
}

/* A unix socket's path is the member's: a process that walks it may be made to wait (a file system of its own), so that is a
 * child. Exits with an errno. */
static _Noreturn void run_connect(struct probe *p)
{
	struct err e = ERR_INIT;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* Nothing of the host's comes along. */
	if (dup2(p->target.pidfd, 3) < 0 || fd_close_range(4, ~0U) < 0 || setns(3, CLONE_NEWNS) < 0)
		_exit(errno);
	int fd = connect_it(p, &e);
	_exit(fd < 0 ? e.code : 0);
}

#define PROBE_CGROUP "hart-probe"

/* -- commands -------------------------------------------------------------------------------- */

static _Noreturn void probe_ask_run_command(struct probe *p)
{
	struct exec_opts o = { .args = p->policy->argv, .cgroup = PROBE_CGROUP,
			       .die_with_caller = true };
	struct container c;
	struct err e = ERR_INIT;
	sigset_t none;
	int status = 1, null = open("/dev/null", O_RDWR);

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (int fd = 0; fd < 3 && null >= 0; fd++)
		dup2(null, fd);
	while (o.args[o.n_args])
		o.n_args++;
	if (container_open(p->target.members, p->target.member_id, &c, &e) < 0 ||
	    container_exec(&c, &o, &status, &e) < 0)
		_exit(255);
	_exit(status);
}

/* A cgroup of its own, so that all that the command starts can be killed. */
static int probe_ask_make_cgroup(struct probe *p, struct err *e)
{
	if (mkdirat(p->target.cgroup_fd, PROBE_CGROUP, 0755) < 0 && errno != EEXIST)
		return err_set(e, errno, "make a cgroup for the command");
	return 0;
}

static void probe_ask_kill_cgroup(struct probe *p)
{
	struct err ignored;

	io_write_at(p->target.cgroup_fd, PROBE_CGROUP "/cgroup.kill", "1", 1, &ignored);
}

/* One that was given up and has not ended: it hangs in what the member has made. There is never a second one. */
static bool is_stuck(struct probe *p)
{
	struct pollfd end = { .fd = p->stuck_pidfd, .events = POLLIN };

	if (p->stuck_pidfd >= 0 && poll(&end, 1, 0) == 0)
		return true;
	fd_close(&p->stuck_pidfd);
	return false;
}

static int start_child(struct probe *p, struct err *e)
{
	if (is_stuck(p))
		return err_msg(e, EBUSY, "the command of the probe before has not ended yet");
	if (p->policy->kind == PROBE_EXEC && probe_ask_make_cgroup(p, e) < 0)
		return -e->code;
	int pidfd = FD_NONE;
	struct clone_args args = { .flags = CLONE_PIDFD, .exit_signal = SIGCHLD,
				   .pidfd = (uint64_t)(uintptr_t)&pidfd };
	pid_t pid = spawn_process(&args);

	if (pid == 0 && p->policy->kind == PROBE_UNIX)
		run_connect(p);
	if (pid == 0)
		probe_ask_run_command(p);
	if (pid < 0)
		return err_set(e, errno, "make a process for the probe");
	p->child_pidfd = pidfd;
	p->child = pid;
	return pidfd;
}

static int child_ended(struct probe *p, char *why, size_t size)
{
	siginfo_t info = { 0 };

	if (waitid((idtype_t)P_PIDFD, (id_t)p->child_pidfd, &info, WEXITED | WNOHANG) < 0 || !info.si_pid)
		return PROBE_GOES_ON;
	p->child = 0;
	fd_close(&p->child_pidfd);
	p->foreign = p->is_shared && p->is_shared(p);
	if (info.si_code == CLD_EXITED && info.si_status == 0)
		return PROBE_OK;
	if (p->policy->kind == PROBE_UNIX && info.si_code == CLD_EXITED) {
		snprintf(why, size, "connect: %s", strerror(info.si_status));
		return PROBE_FAILED;
	}
	snprintf(why, size, "exit status %d",
		 info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status);
	return PROBE_FAILED;
}

/* -- HTTP ------------------------------------------------------------------------------------ */

static int send_request(struct probe *p, char *why, size_t size)
{
	char request[1024];
	int n = snprintf(request, sizeof request,
			 "GET %s HTTP/1.0\r\nHost: %s:%u\r\nUser-Agent: hart\r\nConnection: close\r\n\r\n",
			 p->policy->path, p->policy->host, p->policy->port);

	if (send(p->fd, request, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT) == n) {
		p->asked = true;
		return PROBE_GOES_ON;
	}
	snprintf(why, size, "send: %s", strerror(errno));
	return PROBE_FAILED;
}

static int read_answer(struct probe *p, char *why, size_t size)
{
	unsigned status;
	ssize_t n = recv(p->fd, p->http + p->http_len, sizeof p->http - 1 - p->http_len, MSG_DONTWAIT);

	if (n < 0 && errno == EAGAIN)
		return PROBE_GOES_ON;
	if (n > 0) {
		p->http_len += (unsigned)n;
		p->http[p->http_len] = '\0';
		if (p->http_len < PROBE_HTTP_MIN)
			return PROBE_GOES_ON;
	}
	if (n < 0 || !probe_http_status(p->http, &status)) {
		snprintf(why, size, "%s", n < 0 ? strerror(errno) : "no HTTP answer");
		return PROBE_FAILED;
	}
	if (status >= 200 && status < 400)
		return PROBE_OK;
	snprintf(why, size, "status %u", status);
	return PROBE_FAILED;
}

static int socket_event(struct probe *p, char *why, size_t size)
{
	int errnum = 0;
	socklen_t len = sizeof errnum;
	struct err e = ERR_INIT;

	if (!p->connected && (getsockopt(p->fd, SOL_SOCKET, SO_ERROR, &errnum, &len) < 0 || errnum)) {
		snprintf(why, size, "connect: %s", strerror(errnum ? errnum : errno));
		return PROBE_FAILED;
	}
	if (!p->connected)
		p->foreign = !p->is_reached && p->is_shared && p->is_shared(p) && !probe_owner_is_member(p);
	p->connected = true;
	if (p->policy->kind != PROBE_HTTP)
		return PROBE_OK;
	if (p->asked)
		return read_answer(p, why, size);
	int r = send_request(p, why, size);
	if (r == PROBE_GOES_ON && loop_change(p->loop, &p->source, EPOLLIN, &e) < 0) {
		snprintf(why, size, "%s", e.text);
		return PROBE_FAILED;
	}
	return r;
}

/* -------------------------------------------------------------------------------------------- */

static bool is_by_child(const struct probe *p)
{
	return p->policy->kind == PROBE_EXEC || p->policy->kind == PROBE_UNIX;
}

int probe_ask_start(struct probe *p, uint32_t *ret_events, struct err *e)
{
	p->connected = p->asked = p->is_reached = p->asks_keeper = false;
	p->http_len = 0;
	*ret_events = is_by_child(p) ? EPOLLIN : EPOLLOUT;
	if (is_by_child(p))
		return start_child(p, e);
	if (p->target.ports_dir_fd >= 0 && p->is_shared && p->is_shared(p) && ask_keeper(p, e) >= 0) {
		*ret_events = EPOLLIN;
		return p->keeper_fd;
	}
	fd_close(&p->keeper_fd);
	err_clear(e);
	int fd = open_socket(p, e);
	p->fd = fd < 0 ? FD_NONE : fd;
	return fd;
}

int probe_ask_go_on(struct probe *p, uint32_t events, char *why, size_t size)
{
	(void)events;
	if (p->asks_keeper)
		return keeper_answers(p, why, size);
	return is_by_child(p) ? child_ended(p, why, size) : socket_event(p, why, size);
}

/* Its end is not waited for: the member can put it off. The shim collects what has ended (service_reap). */
void probe_ask_stop(struct probe *p)
{
	fd_close(&p->fd);
	fd_close(&p->keeper_fd);
	p->asks_keeper = false;
	if (p->child_pidfd < 0)
		return;
	sys_pidfd_send_signal(p->child_pidfd, SIGKILL);
	if (p->policy->kind == PROBE_EXEC)
		probe_ask_kill_cgroup(p);
	p->child = 0;
	fd_close(&p->stuck_pidfd);
	p->stuck_pidfd = fd_take(&p->child_pidfd);
}

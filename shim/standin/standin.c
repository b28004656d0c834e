/* SPDX-License-Identifier: Apache-2.0 */
/* standin: see standin.h. */
#include "standin/standin.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/procfd.h"
#include "base/sys.h"
#include "cgroup/cgroup.h"
#include "ns/ns.h"
#include "ns/usermap.h"
#include "process/rlimit.h"
#include "process/successor.h"
#include "standin/inside.h"
#include "wire/sync.h"

#define LISTEN_BACKLOG 1
#define NEVER_KILLED (-1000) /* oom_score_adj */

void standin_init(struct standin *si)
{
	*si = (struct standin){ .pidfd = FD_NONE, .pid_ns_fd = FD_NONE, .source = SOURCE_INIT };
}

/* -- what it tells ------------------------------------------------------------------------------ */

static void on_standin_end(struct standin *si)
{
	int fd = si->source.fd;

	loop_del(si->loop, &si->source);
	close(fd);
	si->is_busy = false;
	si->ended(si);
}

static void on_message(struct source *src, uint32_t events)
{
	struct standin *si = LOOP_OWNER(src, struct standin, source);
	struct standin_frame f;
	ssize_t n = recv(src->fd, &f, sizeof f, MSG_DONTWAIT);

	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		on_standin_end(si);
		return;
	}
	/* Who may trace it can put words into its mouth: none of them does more than a signal to it would. */
	if (n == (ssize_t)sizeof f && f.word == STANDIN_JOINED && si->is_busy) {
		si->is_busy = false;
		si->joined(si, f.value);
	} else if (n == (ssize_t)sizeof f && f.word == STANDIN_SIGNAL && f.value > 0 && f.value <= SIGRTMAX) {
		si->signalled(si, f.value);
	}
}

static int standin_watch(struct standin *si, struct loop *l, int *fd, struct err *e)
{
	si->loop = l;
	int r = loop_add(l, &si->source, *fd, EPOLLIN, on_message, e);
	if (r >= 0)
		fd_take(fd);
	return r;
}

static int hold_pid_ns(struct standin *si, struct err *e)
{
	int fd = ns_open_of(si->pid, si->pidfd, "pid");

	if (fd < 0)
		return err_set(e, -fd, "hold the service's PID namespace");
	si->pid_ns_fd = fd;
	return 0;
}

/* -- making it ---------------------------------------------------------------------------------- */

static struct sockaddr_un standin_address(int dir_fd)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	snprintf(a.sun_path, sizeof a.sun_path, "/proc/self/fd/%d/" STANDIN_FILE, dir_fd);
	return a;
}

static int open_door(int dir_fd, struct err *e)
{
	struct sockaddr_un a = standin_address(dir_fd);
	_cleanup_fd_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) < 0 || listen(fd, LISTEN_BACKLOG) < 0)
		return err_set(e, errno, "make the stand-in's socket");
	return fd_take(&fd);
}

/* What it is in before there is a member. Mount, network, IPC, UTS and time namespaces that are new come with the
 * first one. */
static bool is_for_standin(const struct oci_namespace *ns)
{
	bool is_new = !oci_namespace_is_joined(ns);

	if (ns->type == OCI_NS_MOUNT)
		return false;
	return !is_new || ns->type == OCI_NS_PID || ns->type == OCI_NS_USER || ns->type == OCI_NS_CGROUP;
}

static int standin_check(const struct oci_config *c, struct err *e)
{
	if (!oci_namespace_is_own(c, OCI_NS_MOUNT))
		return err_msg(e, ENOTSUP, "/linux/namespaces: a supervised service that an engine creates needs a "
					   "mount namespace of its own");
	return 0;
}

static int write_maps(const struct standin *si, int sync_fd, const struct oci_config *c, struct err *e)
{
	_cleanup_fd_ int procfd = procfd_open(e);
	int r = procfd < 0 ? procfd : usermap_write(procfd, si->pid, c->linux_, e);

	return r < 0 ? r : sync_send(sync_fd, SYNC_MAPS, 0, e);
}

/* What it is when it has entered the PID namespace of others. */
static int take_successor(struct standin *si, const pid_t *successor, struct err *e)
{
	int pid = successor_await(si->pidfd, true, successor, e);
	int pidfd = pid > 0 ? sys_pidfd_open(pid, 0) : FD_NONE;

	if (pid < 0)
		return pid;
	if (pidfd < 0)
		return err_msg(e, EPIPE, "it was killed");
	fd_close(&si->pidfd);
	si->pid = pid;
	si->pidfd = pidfd;
	return 0;
}

/* From its clone to READY. */
static int converse(struct standin *si, int sync_fd, const struct oci_config *c, const pid_t *successor, struct err *e)
{
	int r;

	while ((r = sync_recv(sync_fd, NULL, e)) == SYNC_UP || (r == SYNC_SUCCESSOR && successor)) {
		r = r == SYNC_UP ? write_maps(si, sync_fd, c, e) : take_successor(si, successor, e);
		if (r < 0)
			return r;
	}
	if (r == SYNC_EOF)
		return err_msg(e, EPIPE, "it was killed");
	return r < 0 || r == SYNC_READY ? r : err_msg(e, EPROTO, "unexpected frame %d", r);
}

/* It is small, but what the service's memory limit kills is to be a member. Who may not say so goes without. */
static void spare(pid_t pid)
{
	struct err ignored = ERR_INIT;
	_cleanup_fd_ int procfd = procfd_open(&ignored);

	if (procfd >= 0)
		oom_score_adj_apply(procfd, pid, NEVER_KILLED, &ignored);
}

static int clone_it(struct standin *si, const struct oci_config *c, const struct cgroup *cg, int dir_fd, int *ret_fd,
		    struct err *e)
{
	struct oci_namespace kept[OCI_NS_COUNT];
	struct oci_linux linux_ = *c->linux_;
	struct oci_config config = *c;
	struct ns_plan plan;
	struct ns_child child;
	int pair[2];

	linux_.namespaces.v = kept;
	linux_.namespaces.n = 0;
	linux_.time_offsets.n = 0;
	config.linux_ = &linux_;
	for (size_t i = 0; i < c->linux_->namespaces.n && linux_.namespaces.n < OCI_NS_COUNT; i++)
		if (is_for_standin(&c->linux_->namespaces.v[i]))
			kept[linux_.namespaces.n++] = c->linux_->namespaces.v[i];
	_cleanup_fd_ int door = open_door(dir_fd, e);
	int r = door < 0 ? door : sync_pair(pair, e);
	if (r < 0)
		return r;
	_cleanup_fd_ int ours = pair[0], its = pair[1];
	struct standin_args args = { &config, &plan, NULL, its, door };
	r = ns_prepare(&config, &plan, e);
	if (r < 0)
		return r;
	plan.as_sibling = true;
	if (ns_enters_last(&plan))
		r = successor_make(&args.successor, e);
	if (r >= 0)
		r = ns_clone(&plan, cg->fd, standin_main, &args, &child, e);
	ns_close(&plan);
	if (r >= 0) {
		si->pid = child.pid;
		si->pidfd = child.pidfd;
		fd_close(&its);
		r = converse(si, ours, &config, args.successor, e);
		*ret_fd = fd_take(&ours);
	}
	successor_free(args.successor);
	return r;
}

int standin_start(struct standin *si, struct loop *l, const struct oci_config *c, const struct cgroup *cg, int dir_fd,
		  struct err *e)
{
	_cleanup_fd_ int fd = FD_NONE;
	int r = standin_check(c, e);

	if (r >= 0)
		r = clone_it(si, c, cg, dir_fd, &fd, e);
	if (r >= 0 && oci_namespace_is_own(c, OCI_NS_PID))
		r = hold_pid_ns(si, e);
	if (r >= 0)
		r = standin_watch(si, l, &fd, e);
	if (r < 0)
		return err_in(e, "make the service's stand-in");
	spare(si->pid);
	return 0;
}

int standin_adopt(struct standin *si, struct loop *l, pid_t pid, int pidfd, bool nests, int dir_fd, struct err *e)
{
	struct sockaddr_un a = standin_address(dir_fd);
	_cleanup_fd_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int r = 0;

	si->pid = pid;
	si->pidfd = pidfd;
	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof a) < 0)
		r = err_set(e, errno, "connect to the service's stand-in");
	if (r >= 0 && nests)
		r = hold_pid_ns(si, e);
	return r < 0 ? r : standin_watch(si, l, &fd, e);
}

/* -- telling it --------------------------------------------------------------------------------- */

union control {
	char bytes[CMSG_SPACE(sizeof(int) * STANDIN_JOIN_MAX)];
	struct cmsghdr align;
};

int standin_join(struct standin *si, const int *fds, unsigned n, struct err *e)
{
	struct standin_frame f = { .word = STANDIN_JOIN, .value = (int)n };
	struct iovec iov = { &f, sizeof f };
	union control control;
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.bytes,
			      .msg_controllen = CMSG_SPACE(sizeof(int) * n) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int) * n);
	memcpy(CMSG_DATA(c), fds, sizeof(int) * n);
	if (sendmsg(si->source.fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		return err_set(e, errno, "tell the stand-in who serves");
	si->is_busy = true;
	return 0;
}

int standin_at_end(struct standin *si, int status, struct err *e)
{
	struct standin_frame f = { .word = STANDIN_AT_END, .value = status };

	if (send(si->source.fd, &f, sizeof f, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		return err_set(e, errno, "tell the stand-in how to end");
	return 0;
}

void standin_close(struct standin *si)
{
	int fd = si->source.fd;

	if (fd >= 0)
		loop_del(si->loop, &si->source);
	fd_close(&fd);
	fd_close(&si->pidfd);
	fd_close(&si->pid_ns_fd);
}

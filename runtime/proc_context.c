/* SPDX-License-Identifier: Apache-2.0 */
/*
 * proc_context: see proc_context.h. Three processes: the task that asks; one outside of the namespace that gives up
 * all it has, and then clones; the one inside, which a process in there may trace.
 */
#include "proc_context.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/spawn.h"
#include "base/sys.h"
#include "process/caps.h"
#include "process/process.h"
#include "rootfs/nowhere.h"
#include "seccomp/jail.h"
#include "wire/sync.h"

#define SOCKET 0 /* all that is open */

/* Straight to the kernel: what libc does besides is not allowed. Its success is the descriptors. */
static _Noreturn void ask_inside(unsigned n)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int) * PROC_CONTEXTS_MAX)];
		struct cmsghdr align;
	} control;
	struct sync_head head = { .type = SYNC_TAKEN };
	struct iovec iov = { &head, sizeof head };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.bytes,
			      .msg_controllen = CMSG_SPACE(sizeof(int) * n) };
	struct cmsghdr *c = (struct cmsghdr *)(void *)control.bytes;
	int fds[PROC_CONTEXTS_MAX] = { 0 };

	for (unsigned i = 0; i < n; i++)
		fds[i] = (int)syscall(SYS_fsopen, "proc", FSOPEN_CLOEXEC);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int) * n);
	memcpy(CMSG_DATA(c), fds, sizeof(int) * n);
	syscall(SYS_sendmsg, SOCKET, &msg, MSG_NOSIGNAL);
	for (;;)
		syscall(SYS_exit_group, 0);
}

static int keep_socket(int fd, struct err *e)
{
	if (fd != SOCKET && dup2(fd, SOCKET) < 0)
		return err_set(e, errno, "keep a socket");
	return fd_close_range(SOCKET + 1, ~0U) < 0 ? err_set(e, errno, "close descriptors") : 0;
}

static const int calls[] = { SYS_clone, SYS_wait4, SYS_fsopen, SYS_sendmsg, SYS_exit_group };

static int give_all_up(const struct ns_plan *p, int fd, struct err *e)
{
	int r = prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 ? err_set(e, errno, "set the parent death signal") : 0;

	process_forget_caller();
	if (r >= 0)
		r = ns_join_last(p, e);
	if (r >= 0)
		r = nowhere_enter(e);
	if (r >= 0)
		r = keep_socket(fd, e);
	if (r >= 0)
		r = caps_keep_admin(e);
	return r < 0 ? r : jail_calls(calls, sizeof calls / sizeof *calls, e);
}

static _Noreturn void stand_outside(const struct ns_plan *p, int fd, unsigned n)
{
	struct err e = ERR_INIT;
	int status;

	if (give_all_up(p, fd, &e) < 0) {
		sync_send_error(fd, &e);
		_exit(1);
	}
	long pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	if (pid == 0)
		ask_inside(n);
	while (pid > 0 && syscall(SYS_wait4, pid, &status, 0, NULL) < 0 && errno == EINTR)
		;
	for (;;)
		syscall(SYS_exit_group, 0);
}

/* Who traces the one inside may send anything: fewer descriptors, and others. fsconfig(2) refuses what is no context. */
static int take_contexts(int fd, int *ret_fds, unsigned n, struct err *e)
{
	int fds[SYNC_FDS_MAX], got, r;

	while ((got = sync_peek_fds(fd, -1, fds, e)) < 0 && errno == EINTR)
		;
	r = sync_recv(fd, NULL, e);
	for (int i = 0; i < got; i++)
		if (r == SYNC_TAKEN && (unsigned)got == n)
			ret_fds[i] = fds[i];
		else
			close(fds[i]);
	if (r < 0)
		return r;
	return r == SYNC_TAKEN && (unsigned)got == n ? 0 : err_msg(e, EPROTO, "what asks for the procfs of another PID namespace was killed there");
}

int proc_contexts_open(const struct ns_plan *p, int *ret_fds, unsigned n, struct err *e)
{
	struct clone_args args = { .exit_signal = SIGCHLD };
	int pair[2], r;

	if (n > PROC_CONTEXTS_MAX)
		return err_msg(e, EINVAL, "more than %d mounts of proc", PROC_CONTEXTS_MAX);
	r = sync_pair(pair, e);
	if (r < 0)
		return r;
	_cleanup_fd_ int ours = pair[0], its = pair[1];
	pid_t pid = spawn_process(&args);
	if (pid == 0)
		stand_outside(p, its, n);
	if (pid < 0)
		return err_set(e, errno, "clone what asks for the procfs of a PID namespace");
	fd_close(&its);
	r = take_contexts(ours, ret_fds, n, e);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return r;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nest: see nest.h. The task clones one that goes away at once: it gives up all it has outside, clones one into the
 * namespace above, which clones init, and none of them shares memory with another.
 */
#include "nest.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/spawn.h"
#include "base/sys.h"
#include "init.h"
#include "process/lsm.h"
#include "process/successor.h"
#include "rootfs/nowhere.h"
#include "rootfs/rootfs.h"

/* -- init, above first and then inside --------------------------------------------------------------- */

static int give_contexts(int stage_fd, unsigned n, struct err *e)
{
	int fds[PROC_CONTEXTS_MAX], r = 0;

	for (unsigned i = 0; i < n && r >= 0; i++) {
		fds[i] = sys_fsopen("proc", FSOPEN_CLOEXEC);
		if (fds[i] < 0)
			r = err_set(e, errno, "open a procfs");
	}
	if (r >= 0)
		r = sync_send_fds(stage_fd, SYNC_TAKEN, fds, n, e);
	for (unsigned i = 0; i < n && fds[i] >= 0; i++)
		close(fds[i]);
	return r;
}

static int enter_given_root(int stage_fd, struct err *e)
{
	int fds[SYNC_FDS_MAX], n = sync_peek_fds(stage_fd, -1, fds, e);
	int r = n < 0 ? n : sync_expect(stage_fd, SYNC_GO, e);

	if (r >= 0 && n != 1)
		r = err_msg(e, EPROTO, "no root from the task");
	if (r >= 0 && (fchdir(fds[0]) < 0 || chroot(".") < 0))
		r = err_set(e, errno, "enter the container's root");
	for (int i = 0; i < n; i++)
		close(fds[i]);
	return r;
}

static int wait_inside(struct init_plan *p, int stage_fd, unsigned n_procs, struct err *e)
{
	int r = give_contexts(stage_fd, n_procs, e);

	if (r >= 0)
		r = enter_given_root(stage_fd, e);
	if (r < 0) {
		sync_send_error(stage_fd, e);
		_exit(1);
	}
	close(stage_fd);
	p->is_successor = true;
	p->process.is_labelled = true;
	if (setsid() < 0)
		return err_set(e, errno, "make a session");
	return sync_expect(p->sync_fd, SYNC_TAKEN, e);
}

/* -- the one that goes away at once --------------------------------------------------------------------------- */

static int give_up_all(struct init_plan *p, int stage_fd, struct err *e)
{
	const struct oci_process *process = p->process.process;
	const int ours[] = { stage_fd, p->sync_fd, p->gate_fd };
	int r = lsm_apply_exec(p->procfd, process->apparmor_profile, process->selinux_label, e);

	process_forget_caller();
	if (r >= 0)
		r = ns_join_last(p->ns, e);
	if (r >= 0)
		r = nowhere_enter(e);
	return r < 0 ? r : fd_close_from(LISTEN_FDS_START + p->process.keep_fds, ours, sizeof ours / sizeof *ours, e);
}

/* Returns in init alone. */
static int make_init(struct init_plan *p, int stage_fd, struct err *e)
{
	struct clone_args above = { .flags = CLONE_PARENT }, inside = { .flags = CLONE_PARENT | CLONE_NEWPID };
	int r = give_up_all(p, stage_fd, e);
	pid_t pid = r < 0 ? r : spawn_process(&above);

	if (pid == 0)
		pid = spawn_process(&inside);
	if (pid == 0)
		return 0;
	if (r >= 0 && pid < 0)
		err_set(e, errno, "clone into a nested PID namespace");
	if (pid < 0)
		sync_send_error(stage_fd, e);
	_exit(pid < 0);
}

/* -- the task ---------------------------------------------------------------------------------------- */

union control {
	char bytes[CMSG_SPACE(sizeof(int) * PROC_CONTEXTS_MAX) + CMSG_SPACE(sizeof(struct ucred))];
	struct cmsghdr align;
};

struct answer {
	int fds[sizeof(union control) / sizeof(int)], n; /* no more of them fit */
	pid_t pid; /* the sender: the kernel's word, in our PID namespace */
};

static void read_control(struct msghdr *msg, struct answer *a)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		size_t bytes = c->cmsg_len - CMSG_LEN(0);
		struct ucred sender;
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS) {
			a->n = (int)(bytes / sizeof *a->fds);
			memcpy(a->fds, CMSG_DATA(c), bytes);
		} else if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_CREDENTIALS) {
			memcpy(&sender, CMSG_DATA(c), sizeof sender);
			a->pid = sender.pid;
		}
	}
}

static int hear_from_init(int fd, struct answer *a, struct err *e)
{
	union control control;
	struct sync_head head;
	struct iovec iov = { &head, sizeof head };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.bytes,
			      .msg_controllen = sizeof control };
	ssize_t n;

	*a = (struct answer){ .n = 0 };
	do
		n = recvmsg(fd, &msg, MSG_PEEK | MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_set(e, errno, "hear from init");
	read_control(&msg, a);
	return sync_expect(fd, SYNC_TAKEN, e);
}

static int take_answer(struct init_plan *p, int fd, unsigned n_procs, struct err *e)
{
	struct answer a;
	int r = hear_from_init(fd, &a, e);

	if (r >= 0 && ((unsigned)a.n != n_procs || a.pid <= 0))
		r = err_msg(e, EPROTO, "unexpected answer from init");
	for (int i = 0; i < a.n; i++)
		if (r < 0)
			close(a.fds[i]);
		else
			p->procs[i] = a.fds[i];
	if (r < 0)
		return r;
	*p->successor = a.pid;
	rootfs_use_procs(p->rootfs, p->procs);
	return 0;
}

int nest_begin(struct init_plan *p, struct err *e)
{
	unsigned n_procs = rootfs_count_procs(p->rootfs);
	struct clone_args outside = { .flags = CLONE_PARENT };
	int pair[2], on = 1, r;

	if (n_procs > PROC_CONTEXTS_MAX)
		return err_msg(e, EINVAL, "more than %d mounts of proc", PROC_CONTEXTS_MAX);
	r = successor_hide(p->successor, e);
	if (r >= 0)
		r = sync_pair(pair, e);
	if (r < 0)
		return r;
	if (setsockopt(pair[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof on) < 0)
		return err_set(e, errno, "prepare to hear from init");
	pid_t pid = spawn_process(&outside);
	if (pid == 0) {
		close(pair[0]);
		r = make_init(p, pair[1], e);
		return r < 0 ? r : wait_inside(p, pair[1], n_procs, e);
	}
	close(pair[1]);
	if (pid < 0)
		return err_set(e, errno, "clone what makes init");
	p->stage_fd = pair[0];
	r = take_answer(p, p->stage_fd, n_procs, e);
	return r < 0 ? err_in(e, "make a nested PID namespace") : 0;
}

int nest_finish(struct init_plan *p, struct err *e)
{
	int root = rootfs_fd(p->rootfs), r = sync_send(p->sync_fd, SYNC_SUCCESSOR, 0, e);

	if (r >= 0)
		r = sync_send_fds(p->stage_fd, SYNC_GO, &root, 1, e);
	if (r >= 0)
		_exit(0);
	return r;
}

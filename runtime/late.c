/* SPDX-License-Identifier: Apache-2.0 */
/* late: see late.h. */
#include "late.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/sys.h"
#include "console.h"
#include "creation.h"
#include "process/rlimit.h"
#include "process/scheduler.h"
#include "process/successor.h"
#include "rootfs/rootfs.h"
#include "seccomp/allows.h"
#include "statefile.h"
#include "tracer.h"
#include "wire/sync.h"

/* -- the task -------------------------------------------------------------------------------------- */

int late_open_procs(struct init_plan *p, struct err *e)
{
	/* Of a PID namespace that its user namespace does not own it may mount no procfs anyway. */
	unsigned n = ns_enters_last(p->ns) && !p->ns->by_itself ? rootfs_count_procs(p->rootfs) : 0;
	int r = n ? proc_contexts_open(p->ns, p->procs, n, e) : 0;

	if (r >= 0 && n)
		rootfs_use_procs(p->rootfs, p->procs);
	return r < 0 ? err_in(e, "make a procfs of the PID namespace that is joined") : 0;
}

/* What the task makes the successor by. */
static const struct seccomp_call calls_to_move[] = {
	{ SYS_clone, { CLONE_PARENT | CLONE_PARENT_SETTID } },
	{ SYS_exit_group, { 0 } },
	{ SYS_setsid, { 0 } },
	{ SYS_ioctl, { STDIN_FILENO, TIOCSCTTY } },
};

/* What init calls until the program is executed. */
static const struct seccomp_call calls[] = {
	{ SYS_exit_group, { 0 } },
	{ SYS_rt_sigaction, { SIGTERM } },
	{ SYS_prctl, { PR_SET_PDEATHSIG, 0 } },
	{ SYS_accept4, { 0 } },
	{ SYS_recvfrom, { 0 } },
	{ SYS_recvmsg, { 0 } },
	{ SYS_sendto, { 0 } },
	{ SYS_sendmsg, { 0 } },
	{ SYS_fcntl, { 0, F_DUPFD_CLOEXEC } },
	{ SYS_dup3, { 0 } },
#ifdef SYS_dup2
	{ SYS_dup2, { 0 } },
#endif
	{ SYS_close, { 0 } },
	{ SYS_capset, { 0 } },
	{ SYS_getpid, { 0 } },
	{ SYS_brk, { 0 } },
	{ SYS_mmap, { 0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS } },
	{ SYS_munmap, { 0 } },
};

/* And when the program's processes are counted. */
static const struct seccomp_call calls_of_limit[] = { { SYS_prlimit64, { 0, RLIMIT_NPROC } } };

/* And when it runs startContainer hooks, which are under the filter anyway: hooks.c. */
static const struct seccomp_call calls_of_hooks[] = {
	{ SYS_memfd_create, { 0 } },
	{ SYS_write, { 0 } },
	{ SYS_fcntl, { 0, F_ADD_SEALS } },
	{ SYS_fcntl, { 0, F_SETFL, O_APPEND } },
	{ SYS_lseek, { 0 } },
	{ SYS_clone, { CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD } },
	{ SYS_setpgid, { 0 } },
	{ SYS_close_range, { STDERR_FILENO + 1, ~0U } },
	{ SYS_rt_sigprocmask, { SIG_SETMASK } },
	{ SYS_execve, { 0 } },
#ifdef SYS_poll
	{ SYS_poll, { 0 } },
#else
	{ SYS_ppoll, { 0 } },
#endif
	{ SYS_waitid, { P_PIDFD } },
	{ SYS_kill, { 0 } },
	{ SYS_pread64, { 0 } },
};

/* The first system call that the filter would keep us from, if it were on. */
static const struct seccomp_call *refused_early(const struct init_plan *p)
{
	const struct seccomp_filter *f = p->process.seccomp;
	const struct oci_hooks *hooks = p->config->hooks;
	const struct seccomp_call *call = SECCOMP_REFUSED(f, calls);

	if (!call && late_moves(p))
		call = SECCOMP_REFUSED(f, calls_to_move);
	if (!call && late_moves(p) && rlimits_count_processes(p->process.process))
		call = SECCOMP_REFUSED(f, calls_of_limit);
	if (!call && hooks && hooks->start_container.n)
		call = SECCOMP_REFUSED(f, calls_of_hooks);
	return call;
}

/* With a filter that does not let init do its part, or the successor be made, that puts it on itself, last of all. */
static int late_filter(struct init_plan *p, struct err *e)
{
	const struct seccomp_call *call = p->process.seccomp ? refused_early(p) : NULL;

	if (call && late_moves(p))
		return tracer_check_filter(call, p->config, p->process.process, e);
	if (call || !p->process.seccomp)
		return 0;
	int r = late_moves(p) ? process_listen(&p->process, p->sync_fd, e) : 0;
	if (r >= 0)
		r = process_apply_late(&p->process, e);
	p->process.is_filtered = r >= 0;
	return r;
}

static int begin_anew(struct init_plan *p, struct err *e)
{
	int r = setsid() < 0 ? err_set(e, errno, "make a session") : 0;

	if (r >= 0 && p->console_fd >= 0)
		r = console_control(e);
	if (r >= 0)
		r = sync_expect(p->sync_fd, SYNC_TAKEN, e);
	if (r >= 0 && !p->process.rlimits_set)
		r = rlimits_apply_processes(p->process.process, e);
	return r < 0 || p->process.is_filtered ? r : process_listen(&p->process, p->sync_fd, e);
}

bool late_moves(const struct init_plan *p)
{
	return ns_enters_last(p->ns) && !p->ns->nests;
}

int late_move(struct init_plan *p, struct err *e)
{
	int r = late_moves(p) ? successor_hide(p->successor, e) : 0;

	if (r >= 0)
		r = late_filter(p, e);
	if (r < 0 || !late_moves(p))
		return r;
	r = sync_send(p->sync_fd, SYNC_SUCCESSOR, 0, e);
	if (r >= 0)
		r = successor_clone(p->successor, e);
	if (r > 0)
		_exit(0);
	return r < 0 ? r : begin_anew(p, e);
}

/* -- the runtime ----------------------------------------------------------------------------------- */

int late_prepare(struct creation *m, struct err *e)
{
	return ns_enters_last(&m->ns) ? successor_make(&m->init.successor, e) : 0;
}

static int take_successor(struct creation *m, struct err *e)
{
	int pid = successor_await(m->c->pidfd, m->o->as_sibling, m->init.successor, e);

	if (pid == 0)
		pid = sync_recv(m->init.runtime_end, NULL, e);
	if (pid <= 0)
		return pid < 0 ? pid : err_msg(e, EPIPE, "the container's init died while being set up");
	int pidfd = sys_pidfd_open(pid, 0);
	if (pidfd < 0)
		return err_set(e, errno, "hold the container's process %d", pid);
	fd_close(&m->c->pidfd);
	m->c->pidfd = pidfd;
	m->child.pid = pid;
	m->has_successor = true;
	return 0;
}

int late_follow(struct creation *m, struct err *e)
{
	struct state *s = m->c->state;
	int r = take_successor(m, e);

	if (r < 0)
		return r;
	s->pid = m->child.pid;
	r = statefile_pid_start(m->child.pid, &s->pid_start, e);
	if (r >= 0)
		r = statefile_save(m->c->dir_fd, s, e);
	if (r >= 0)
		r = creation_limit(m, e);
	if (r >= 0 && m->config->process->oom_score_adj.set)
		r = oom_score_adj_apply(m->init.procfd, m->child.pid, (int)m->config->process->oom_score_adj.v, e);
	/* A policy need not be inherited by what the task clones. */
	if (r >= 0 && m->config->process->scheduler)
		r = sched_apply(m->child.pid, m->config->process->scheduler, e);
	if (r >= 0)
		r = creation_hand_on(m, e);
	return r < 0 ? r : sync_send(m->init.runtime_end, SYNC_TAKEN, 0, e);
}

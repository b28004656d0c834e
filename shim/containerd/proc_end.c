/* SPDX-License-Identifier: Apache-2.0 */
/* proc_end: see proc_end.h. */
#include "proc_end.h"

#include <string.h>
#include <sys/epoll.h>
#include <time.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/sys.h"
#include "events.pb-c.h"
#include "job.h"
#include "statefile.h"
#include "waiters.h"
#include "watch/pidfd_exit.h"

#define UNKNOWN_STATUS 255

static struct proc *running_exec_of(const struct proc *init)
{
	for (struct proc *p = init->shim->procs; p; p = p->next)
		if (p != init && !strcmp(proc_id(p), proc_id(init)) && (p->r->pid || p->busy) &&
		    p->r->state != RECORD_STOPPED)
			return p;
	return NULL;
}

static void publish_oom(struct proc *p)
{
	Events__TaskNamed event = EVENTS__TASK_NAMED__INIT;

	event.container_id = (char *)proc_id(p);
	proc_publish(p, "/tasks/oom", "containerd.events.TaskOOM", &event.base, EVENT_SPARE);
}

static void on_proc_end_oom(struct oom *o, uint64_t kills)
{
	(void)kills;
	publish_oom(LOOP_OWNER(o, struct proc, oom));
}

void proc_watch_oom(struct proc *p, int cgroup_fd)
{
	struct err e = ERR_INIT;

	if (oom_open(&p->oom, &p->shim->loop, cgroup_fd, on_proc_end_oom, &e) < 0 && e.code != ENOENT)
		proc_warn(p, &e);
}

static void publish_exit(struct proc *p)
{
	struct record *r = p->r;
	Task__Timestamp when = TASK__TIMESTAMP__INIT;
	Events__TaskExit event = EVENTS__TASK_EXIT__INIT;

	when.seconds = r->exited_s;
	when.nanos = r->exited_ns;
	event.container_id = (char *)proc_id(p);
	event.id = (char *)(proc_is_init(p) ? proc_id(p) : proc_exec_id(p));
	event.pid = (uint32_t)r->pid;
	event.exit_status = r->exit_status;
	event.exited_at = &when;
	proc_publish(p, "/tasks/exit", "containerd.events.TaskExit", &event.base, EVENT_NEEDED);
	r->exit_told = true;
}

static void end_oom(struct proc *p)
{
	if (p->oom.fd >= 0 && oom_kills(&p->oom) > p->oom.kills)
		publish_oom(p);
	oom_close(&p->oom);
}

void proc_tell_end(struct proc *p)
{
	if (!p->r->exit_told)
		publish_exit(p);
	waiters_answer(p);
}

void proc_end_untold(struct proc *p)
{
	p->r->state = RECORD_STOPPED;
	p->r->exit_told = true;
	waiters_answer(p);
}

void proc_try_end(struct proc *p)
{
	struct proc *init;

	if (!p->r->exited || p->busy || p->r->state == RECORD_STOPPED)
		return;
	if (proc_is_init(p) && running_exec_of(p)) {
		/* The kernel ends them with their PID namespace; in another's they are ended here. */
		if (!p->r->has_pid_ns)
			job_kill_all(p);
		return;
	}
	if (proc_is_init(p))
		end_oom(p);
	p->r->state = RECORD_STOPPED;
	streams_end(&p->io);
	proc_tell_end(p);
	if (proc_is_init(p)) {
		if (!p->r->has_pid_ns)
			job_kill_all(p);
		if (p->ended)
			loop_timer(&p->shim->loop, &p->drain, 0, p->ended);
		return;
	}
	init = proc_find(p->shim, proc_id(p), "");
	if (init)
		proc_try_end(init);
}

void proc_set_exit(struct proc *p, unsigned status)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	p->r->exit_status = status;
	p->r->exited_s = now.tv_sec;
	p->r->exited_ns = (int32_t)now.tv_nsec;
	p->r->exited = true;
}

static void on_exit_ready(struct source *src, uint32_t events)
{
	struct proc *p = LOOP_OWNER(src, struct proc, exit);
	_cleanup_fd_ int pidfd = fd_take(&p->pidfd);
	int status = pidfd_exit_status(pidfd);

	(void)events;
	loop_del(&p->shim->loop, &p->exit);
	/* Not ours: the guardian collects it, writes it down and wakes us. Without a guardian nobody knows. */
	if (status >= 0)
		proc_set_exit(p, (unsigned)status);
	else if (p->shim->guardian.fd < 0)
		proc_set_exit(p, UNKNOWN_STATUS);
	proc_try_end(p);
	/* SIGCHLD may have been heard before; and while an exec is not collected its PID namespace cannot end. */
	pidfd_collect(pidfd);
}

void proc_collect(struct shim *s)
{
	struct proc *next;

	for (struct proc *p = s->procs; p; p = next) {
		next = p->next;
		if (p->r->exited && p->r->state != RECORD_STOPPED) {
			loop_del(&s->loop, &p->exit);
			fd_close(&p->pidfd);
			proc_try_end(p);
		}
	}
}

int proc_watch(struct proc *p, pid_t pid, struct err *e)
{
	int fd = sys_pidfd_open(pid, 0);

	if (fd < 0)
		return err_set(e, errno, "hold process %d", pid);
	p->pidfd = fd;
	if (statefile_pid_start(pid, &p->r->pid_start, e) < 0)
		err_clear(e); /* a zombie without one is still ours */
	return loop_add(&p->shim->loop, &p->exit, fd, EPOLLIN, on_exit_ready, e);
}

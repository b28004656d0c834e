/* SPDX-License-Identifier: Apache-2.0 */
/* methods_delete: of an ended process, when its last output is written; of a container with all that was made. */
#include <string.h>

#include "base/err.h"
#include "events.pb-c.h"
#include "life.h"
#include "methods.h"
#include "proc_end.h"
#include "task.pb-c.h"
#include "waiters.h"

#define DRAIN_NS 2000000000LL /* for a terminal whose reader is slow */

static void reply_deleted(struct shim *s, struct call *c, const struct proc *p)
{
	Task__DeleteResponse a = TASK__DELETE_RESPONSE__INIT;
	Task__Timestamp when = TASK__TIMESTAMP__INIT;

	a.pid = (uint32_t)p->r->pid;
	a.exit_status = p->r->exit_status;
	when.seconds = p->r->exited ? p->r->exited_s : GO_ZERO_SECONDS;
	when.nanos = p->r->exited_ns;
	a.exited_at = &when;
	rpc_reply(s, c, &a.base);
}

static void publish_deleted(struct proc *p)
{
	Events__TaskDelete event = EVENTS__TASK_DELETE__INIT;
	Task__Timestamp when = TASK__TIMESTAMP__INIT;

	event.container_id = (char *)proc_id(p);
	event.pid = (uint32_t)p->r->pid;
	event.exit_status = p->r->exit_status;
	when.seconds = p->r->exited_s;
	when.nanos = p->r->exited_ns;
	event.exited_at = &when;
	proc_publish(p, "/tasks/delete", "containerd.events.TaskDelete", &event.base,
		     EVENT_NEEDED);
}

/* What was started in it and nobody has deleted goes with it. */
static void forget_execs(const struct proc *init)
{
	for (struct proc *p = init->shim->procs, *next; p; p = next) {
		next = p->next;
		if (p == init || p->gone || strcmp(proc_id(p), proc_id(init)))
			continue;
		if (p->r->state == RECORD_CREATED)
			life_forget_spec(p);
		if (p->deleting)
			reply_deleted(p->shim, p->deleting, p);
		proc_leave(p);
	}
}

/* Its container is removed and its end told. */
static void finish(struct proc *p)
{
	forget_execs(p);
	publish_deleted(p);
	reply_deleted(p->shim, p->deleting, p);
	proc_leave(p);
}

static void on_ended(struct timer *t)
{
	finish(LOOP_OWNER(t, struct proc, drain));
}

static void delete_done(struct job *j, int result, const struct err *why)
{
	struct proc *p = j->proc;

	p->busy = false;
	if (result < 0) {
		p->deleting = NULL;
		rpc_fail_err(j->shim, j->call, why);
		proc_try_end(p);
	} else if (p->r->state == RECORD_STOPPED) {
		finish(p);
	} else {
		/* Created and never started: it ended now; what was started in it ends before it. */
		if (!p->r->exited)
			proc_set_exit(p, 128 + 9);
		p->ended = on_ended;
		proc_try_end(p);
	}
}

static void delete_now(struct proc *p)
{
	struct shim *s = p->shim;
	struct call *c = p->deleting;
	struct job *j;

	loop_timer_stop(&s->loop, &p->drain);
	if (!proc_is_init(p)) {
		if (p->r->state == RECORD_CREATED)
			life_forget_spec(p);
		reply_deleted(s, c, p);
		proc_leave(p);
	} else if ((j = life_begin(s, c, p, job_remove, delete_done))) {
		job_start(j);
	} else {
		p->deleting = NULL;
		waiters_go_on(p);
	}
}

static void on_drained(void *arg)
{
	struct proc *p = arg;

	if (p->deleting)
		delete_now(p);
}

static void on_drain_timeout(struct timer *t)
{
	on_drained(LOOP_OWNER(t, struct proc, drain));
}

/* One after the other: a second Delete finds nothing, or does what the first one could not. */
void method_delete(struct shim *s, struct call *c, const void *request)
{
	const Task__ProcessRequest *q = request;
	struct proc *p = life_find(s, c, q->id, q->exec_id);

	if (!p)
		return;
	if (p->busy || p->deleting || p->kills) {
		waiters_add(p, c, &q->base);
	} else if (p->r->state != RECORD_STOPPED && p->r->state != RECORD_CREATED) {
		rpc_fail(s, c, RPC_FAILED_PRECONDITION, "container %s %s: cannot delete a process that is running",
			 q->id, q->exec_id);
	} else {
		p->deleting = c;
		if (p->r->state == RECORD_STOPPED && !streams_drain(&p->io, on_drained, p))
			loop_timer(&s->loop, &p->drain, DRAIN_NS, on_drain_timeout);
		else
			delete_now(p);
	}
}

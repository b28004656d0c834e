/* SPDX-License-Identifier: Apache-2.0 */
/* methods: the table, and those that are answered at once. */
#include "methods.h"

#include <signal.h>
#include <unistd.h>

#include "base/err.h"
#include "ctl/ctl.h"
#include "life.h"
#include "supervised.h"
#include "task.pb-c.h"
#include "waiters.h"

static Task__Status status_of(const struct record *r)
{
	static const Task__Status of[] = {
		[RECORD_NEW] = TASK__STATUS__CREATED,	  [RECORD_CREATED] = TASK__STATUS__CREATED,
		[RECORD_RUNNING] = TASK__STATUS__RUNNING, [RECORD_PAUSED] = TASK__STATUS__PAUSED,
		[RECORD_STOPPED] = TASK__STATUS__STOPPED,
	};

	return of[r->state];
}

static void method_state(struct shim *s, struct call *c, const void *request)
{
	const Task__ProcessRequest *q = request;
	struct proc *p = life_find(s, c, q->id, q->exec_id);
	Task__StateResponse a = TASK__STATE_RESPONSE__INIT;
	Task__Timestamp when = TASK__TIMESTAMP__INIT;

	if (!p)
		return;
	const struct record *r = p->r;
	bool stopped = r->state == RECORD_STOPPED;
	a.id = (char *)proc_id(p);
	a.exec_id = (char *)proc_exec_id(p);
	a.bundle = (char *)record_text(r, RECORD_BUNDLE);
	a.stdin = (char *)record_text(r, RECORD_STDIN);
	a.stdout = (char *)record_text(r, RECORD_STDOUT);
	a.stderr = (char *)record_text(r, RECORD_STDERR);
	a.terminal = r->terminal;
	a.pid = (uint32_t)r->pid;
	a.status = status_of(r);
	a.exit_status = stopped ? r->exit_status : 0;
	when.seconds = stopped ? r->exited_s : GO_ZERO_SECONDS;
	when.nanos = stopped ? r->exited_ns : 0;
	a.exited_at = &when;
	rpc_reply(s, c, &a.base);
}

static void method_wait(struct shim *s, struct call *c, const void *request)
{
	const Task__ProcessRequest *q = request;
	struct proc *p = life_find(s, c, q->id, q->exec_id);

	if (p)
		waiters_wait(p, c);
}

static void method_connect(struct shim *s, struct call *c, const void *request)
{
	const Task__ProcessRequest *q = request;
	struct proc *p = proc_find(s, q->id, "");
	Task__ConnectResponse a = TASK__CONNECT_RESPONSE__INIT;

	a.shim_pid = (uint32_t)s->ledger->guardian;
	a.task_pid = p ? (uint32_t)p->r->pid : 0;
	a.version = "v2";
	rpc_reply(s, c, &a.base);
}

/* Those that are gone are only being cleared away. */
static bool is_empty(const struct shim *s)
{
	for (const struct proc *p = s->procs; p; p = p->next)
		if (!p->gone)
			return false;
	return true;
}

static void method_shutdown(struct shim *s, struct call *c, const void *request)
{
	(void)request;
	s->leaving = is_empty(s);
	rpc_reply(s, c, NULL);
	shim_settle(s);
}

/* It may have ended since, and its socket or folder with it. */
static int run_ask(struct job *j, struct err *e)
{
	int r = supervised_ask(j, CTL_KILL, *(const int *)j->request, e);

	return r == -ECONNREFUSED || r == -ENOENT ? err_msg(e, ESRCH, "process already finished: not found") : r;
}

static void ask_done(struct job *j, int result, const struct err *why)
{
	if (result < 0)
		rpc_fail_err(j->shim, j->call, why);
	else
		rpc_reply(j->shim, j->call, NULL);
}

/* The service's shim has to know that an end is none of a failure. */
static void signal_service(struct shim *s, struct call *c, struct proc *p, int sig)
{
	struct job *j = job_new(p, c, run_ask, ask_done);

	if (!j) {
		rpc_fail(s, c, RPC_EXHAUSTED, "out of memory");
		return;
	}
	j->request = &sig;
	job_kills(j);
	job_start(j);
}

static void signal_one(struct shim *s, struct call *c, struct proc *p, int sig)
{
	struct err e = ERR_INIT;
	int r = p->r->state == RECORD_STOPPED ? err_msg(&e, ESRCH, "process already finished")
							      : proc_signal(p, sig, &e);

	if (r >= 0)
		rpc_reply(s, c, NULL);
	else if (r == -ESRCH)
		rpc_fail(s, c, RPC_NOT_FOUND, "%s: not found", e.text);
	else
		rpc_fail(s, c, p->r->pid ? RPC_UNKNOWN : RPC_FAILED_PRECONDITION, "%s", e.text);
}

static void method_kill(struct shim *s, struct call *c, const void *request)
{
	const Task__KillRequest *q = request;
	struct proc *p = life_find(s, c, q->id, q->exec_id);

	if (!p)
		return;
	if (p->busy && !p->r->pid) /* an exec that is being started */
		waiters_add(p, c, &q->base);
	else if (p->r->is_service && p->r->state != RECORD_STOPPED)
		signal_service(s, c, p, (int)q->signal);
	else if (q->all && proc_is_init(p) && !p->r->is_service)
		method_kill_all(s, c, p, (int)q->signal);
	else
		signal_one(s, c, p, (int)q->signal);
}

/* Its program is being started, and what is done to its terminal has to wait for that. */
static bool gets_terminal(const struct proc *p)
{
	return p->busy && p->r->terminal && !p->io.terminal;
}

static void method_resize_pty(struct shim *s, struct call *c, const void *request)
{
	const Task__ResizePtyRequest *q = request;
	struct proc *p = life_find(s, c, q->id, q->exec_id);
	struct err e = ERR_INIT;

	if (!p)
		return;
	if (gets_terminal(p))
		waiters_add(p, c, &q->base);
	else if (streams_resize(&p->io, q->width, q->height, &e) < 0)
		rpc_fail_err(s, c, &e);
	else
		rpc_reply(s, c, NULL);
}

static void method_close_io(struct shim *s, struct call *c, const void *request)
{
	const Task__CloseIORequest *q = request;
	struct proc *p = life_find(s, c, q->id, q->exec_id);

	if (!p)
		return;
	if (gets_terminal(p)) {
		waiters_add(p, c, &q->base);
		return;
	}
	if (q->stdin)
		streams_close_stdin(&p->io);
	rpc_reply(s, c, NULL);
}

static void method_checkpoint(struct shim *s, struct call *c, const void *request)
{
	(void)request;
	rpc_fail(s, c, RPC_UNIMPLEMENTED, "hart does not implement checkpoint");
}

const struct rpc_method methods[] = {
	{ "State", &task__process_request__descriptor, method_state },
	{ "Create", &task__create_task_request__descriptor, method_create, .begins = true },
	{ "Start", &task__process_request__descriptor, method_start, .begins = true },
	{ "Delete", &task__process_request__descriptor, method_delete },
	{ "Pids", &task__process_request__descriptor, method_pids },
	{ "Pause", &task__process_request__descriptor, method_pause },
	{ "Resume", &task__process_request__descriptor, method_resume },
	{ "Checkpoint", &task__process_request__descriptor, method_checkpoint },
	{ "Kill", &task__kill_request__descriptor, method_kill },
	{ "Exec", &task__exec_process_request__descriptor, method_exec, .begins = true },
	{ "ResizePty", &task__resize_pty_request__descriptor, method_resize_pty },
	{ "CloseIO", &task__close_iorequest__descriptor, method_close_io },
	{ "Update", &task__update_task_request__descriptor, method_update },
	{ "Wait", &task__process_request__descriptor, method_wait },
	{ "Stats", &task__process_request__descriptor, method_stats },
	{ "Connect", &task__process_request__descriptor, method_connect },
	{ "Shutdown", &task__shutdown_request__descriptor, method_shutdown },
	{ 0 },
};

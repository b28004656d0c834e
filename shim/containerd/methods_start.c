/* SPDX-License-Identifier: Apache-2.0 */
/* methods_start: Exec, which is only written down, and Start of it or of a container. */
#include <fcntl.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/io.h"
#include "container.h"
#include "ctl/ctl.h"
#include "events.pb-c.h"
#include "id.h"
#include "life.h"
#include "methods.h"
#include "proc_end.h"
#include "supervised.h"
#include "task.pb-c.h"

/* -- Exec: only written down ------------------------------------------------------------------ */

#define NOT_STARTED 255 /* exit status of an exec that could not be */

static int save_spec(const struct proc *p, const ProtobufCBinaryData *spec, struct err *e)
{
	char path[LIFE_SPEC_PATH];

	life_spec_name(p, path);
	_cleanup_fd_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_set(e, errno, "write %s", path);
	return io_write_all(fd, spec->data, spec->len, path, e);
}

static int register_exec(struct shim *s, const Task__ExecProcessRequest *q, const struct proc *init, struct err *e)
{
	const char *const words[RECORD_WORDS] = { q->id, q->exec_id, record_text(init->r, RECORD_BUNDLE),
						  q->stdin, q->stdout, q->stderr };
	struct proc *p;
	int r = id_check(q->exec_id, e);

	if (r >= 0)
		r = proc_new(s, words, &p, e);
	if (r < 0)
		return r;
	p->r->terminal = q->terminal;
	p->r->has_pid_ns = init->r->has_pid_ns;
	r = save_spec(p, &q->spec->value, e);
	if (r < 0) {
		proc_free(p);
		return r;
	}
	p->r->state = RECORD_CREATED;
	return 0;
}

void method_exec(struct shim *s, struct call *c, const void *request)
{
	const Task__ExecProcessRequest *q = request;
	struct proc *init = life_find(s, c, q->id, "");
	Events__TaskExec event = EVENTS__TASK_EXEC__INIT;
	struct err e = ERR_INIT;

	if (!init)
		return;
	if (!q->spec || !q->spec->value.len) {
		rpc_fail(s, c, RPC_INVALID, "exec %s: no process is given", q->exec_id);
	} else if (register_exec(s, q, init, &e) < 0) {
		rpc_fail_err(s, c, &e);
	} else {
		event.container_id = q->id;
		event.exec_id = q->exec_id;
		proc_publish(init, "/tasks/exec-added", "containerd.events.TaskExecAdded", &event.base,
			     EVENT_NEEDED);
		rpc_reply(s, c, NULL);
	}
}

/* -- Start ------------------------------------------------------------------------------------ */

static int run_start(struct job *j, struct err *e)
{
	struct container c;

	if (j->proc->r->is_service)
		return supervised_ask(j, CTL_START, 0, e);
	int r = container_open(&j->shim->rt, proc_id(j->proc), &c, e);
	if (r >= 0)
		r = container_start(&c, e);
	container_close(&c);
	return r;
}

static void start_done(struct job *j, int result, const struct err *why)
{
	struct proc *p = j->proc;
	struct err e = *why;

	p->busy = false;
	if (result < 0) {
		err_in(&e, "OCI runtime start failed");
		rpc_fail_err(j->shim, j->call, &e);
	} else {
		p->r->state = RECORD_RUNNING;
		streams_started(&p->io);
		life_publish_start(p, EVENT_NEEDED);
		life_reply_pid(j);
	}
	proc_try_end(p);
}

static int exec_in(struct job *j, struct container *c, struct err *e)
{
	const struct proc *p = j->proc;
	char path[LIFE_SPEC_PATH];
	pid_t pid = 0;
	int status;
	struct exec_opts o = { .process_json = path, .detach = true, .as_sibling = true, .ret_pid = &pid,
			       .tty = p->r->terminal, .tty_decides = true,
			       .console_fd = p->r->terminal ? &j->console[1] : NULL };

	life_spec_name(p, path);
	int r = container_exec(c, &o, &status, e);
	return r < 0 ? r : pid;
}

static int run_exec(struct job *j, struct err *e)
{
	struct container c = CONTAINER_INIT;
	int r = streams_use(&j->proc->io, j->proc->r, j->shim->name_space, e);

	if (r >= 0)
		r = container_open_active(&j->shim->rt, proc_id(j->proc), &c, e);
	if (r >= 0)
		r = exec_in(j, &c, e);
	container_close(&c);
	return r;
}

static void exec_failed(struct job *j, struct err *e)
{
	struct proc *p = j->proc, *init = proc_find(j->shim, proc_id(p), "");

	err_in(e, "OCI runtime exec failed");
	rpc_fail_err(j->shim, j->call, e);
	streams_close(&p->io);
	proc_set_exit(p, NOT_STARTED);
	proc_end_untold(p);
	if (init)
		proc_try_end(init);
}

static void exec_done(struct job *j, int result, const struct err *why)
{
	struct proc *p = j->proc;
	Events__TaskExec event = EVENTS__TASK_EXEC__INIT;
	struct err e = *why;

	p->busy = false;
	life_reopen_streams(p);
	life_forget_spec(p);
	if (result >= 0)
		result = life_hold(j, result, &e);
	if (result < 0) {
		exec_failed(j, &e);
		return;
	}
	p->r->state = RECORD_RUNNING;
	streams_started(&p->io);
	event.container_id = (char *)proc_id(p);
	event.exec_id = (char *)proc_exec_id(p);
	event.pid = (uint32_t)p->r->pid;
	proc_publish(p, "/tasks/exec-started", "containerd.events.TaskExecStarted", &event.base,
		     EVENT_NEEDED);
	life_reply_pid(j);
	proc_try_end(p);
}

static void start_exec(struct shim *s, struct call *c, struct proc *p)
{
	struct proc *init = proc_find(s, proc_id(p), "");
	struct err e = ERR_INIT;
	struct job *j;

	if (!init || init->r->exited || init->deleting) {
		rpc_fail(s, c, RPC_FAILED_PRECONDITION, "container %s: process is not running: init has ended",
			 proc_id(p));
	} else if (init->r->is_service && init->r->state == RECORD_PAUSED) {
		/* Whoever serves is not paused itself: the new process would stand still, too. */
		rpc_fail(s, c, RPC_FAILED_PRECONDITION, "OCI runtime exec failed: cannot exec in a paused container");
	} else if (streams_open(&p->io, p->r, &e) < 0) {
		rpc_fail_err(s, c, &e);
	} else if ((j = life_begin(s, c, p, run_exec, exec_done))) {
		job_start(j);
	}
}

void method_start(struct shim *s, struct call *c, const void *request)
{
	const Task__ProcessRequest *q = request;
	struct proc *p = life_find(s, c, q->id, q->exec_id);
	struct job *j;

	if (!p)
		return;
	if (p->busy || p->deleting || p->r->state != RECORD_CREATED)
		rpc_fail(s, c, RPC_FAILED_PRECONDITION, "container %s %s: cannot start a process that is not in the "
			 "created state", q->id, q->exec_id);
	else if (!proc_is_init(p))
		start_exec(s, c, p);
	else if ((j = life_begin(s, c, p, run_start, start_done)))
		job_start(j);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* life: see life.h. */
#include "life.h"

#include <stdio.h>
#include <unistd.h>

#include "base/err.h"
#include "console.h"
#include "events.pb-c.h"
#include "keep.h"
#include "proc_end.h"
#include "task.pb-c.h"

struct proc *life_find(struct shim *s, struct call *c, const char *id, const char *exec_id)
{
	struct proc *p = proc_find(s, id, exec_id);

	if (p && p->r->state != RECORD_NEW)
		return p;
	if (exec_id[0])
		rpc_fail(s, c, RPC_NOT_FOUND, "process %s in container %s: not found", exec_id, id);
	else
		rpc_fail(s, c, RPC_NOT_FOUND, "container %s: not found", id);
	return NULL;
}

void life_publish_start(struct proc *p, enum event_need need)
{
	Events__TaskStart event = EVENTS__TASK_START__INIT;

	event.container_id = (char *)proc_id(p);
	event.pid = (uint32_t)p->r->pid;
	proc_publish(p, "/tasks/start", "containerd.events.TaskStart", &event.base, need);
}

void life_reply_pid(struct job *j)
{
	Task__PidResponse a = TASK__PID_RESPONSE__INIT;

	a.pid = (uint32_t)j->proc->r->pid;
	rpc_reply(j->shim, j->call, &a.base);
}

void life_reopen_streams(struct proc *p)
{
	struct err e = ERR_INIT;

	if (streams_reopen(&p->io, p->r, &e) < 0)
		proc_warn(p, &e);
}

void life_keep_streams(struct proc *p)
{
	int index = ledger_index(p->shim->ledger, p->r);

	for (int i = 1; i < 3; i++)
		if (p->io.hold[i] >= 0)
			guardian_keep(p->shim->guardian_fd, index, (enum kept_fd)(KEPT_STDOUT + i - 1),
				      p->io.hold[i]);
}

int life_hold(struct job *j, pid_t pid, struct err *e)
{
	struct proc *p = j->proc;
	int r = proc_watch(p, pid, e);

	p->r->pid = pid;
	if (r < 0 || !p->r->terminal) {
		streams_given(&p->io);
		life_keep_streams(p);
		return r;
	}
	int master = r = console_receive(j->console[0], e);
	if (r < 0)
		return r;
	guardian_keep(p->shim->guardian_fd, ledger_index(p->shim->ledger, p->r), KEPT_MASTER, master);
	r = streams_attach(&p->io, &p->shim->loop, master, e);
	if (r < 0)
		close(master);
	return r;
}

struct job *life_begin(struct shim *s, struct call *c, struct proc *p, int (*run)(struct job *j, struct err *e),
			 void (*done)(struct job *j, int result, const struct err *why))
{
	struct job *j = job_new(p, c, run, done);
	struct err e = ERR_INIT;
	int r = j ? job_wants_data(j, &e) : err_set(&e, ENOMEM, "start %s", proc_id(p));

	if (r >= 0 && p->r->terminal)
		r = job_wants_console(j, &e);
	if (r >= 0) {
		p->busy = true;
		return j;
	}
	rpc_fail_err(s, c, &e);
	job_free(j);
	return NULL;
}

void life_spec_name(const struct proc *p, char path[LIFE_SPEC_PATH])
{
	snprintf(path, LIFE_SPEC_PATH, "%s/process-%s.json", record_text(p->r, RECORD_BUNDLE), proc_exec_id(p));
}

void life_forget_spec(const struct proc *p)
{
	char path[LIFE_SPEC_PATH];

	life_spec_name(p, path);
	unlink(path);
}

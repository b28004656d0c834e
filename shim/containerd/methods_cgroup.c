/* SPDX-License-Identifier: Apache-2.0 */
/* methods_cgroup: what is asked of a container's cgroup; each by a job. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/io.h"
#include "container.h"
#include "events.pb-c.h"
#include "life.h"
#include "methods.h"
#include "metrics.h"
#include "observe.h"
#include "spec.h"
#include "task.pb-c.h"
#include "update.h"

typedef int open_fn(struct runtime *rt, const char *id, struct container *c, struct err *e);
typedef int container_fn(struct container *c, struct job *j, struct err *e);

static int with_opened(struct job *j, open_fn *open, container_fn *fn, struct err *e)
{
	struct container c;
	int r = open(&j->shim->rt, proc_id(j->proc), &c, e);

	if (r >= 0)
		r = fn(&c, j, e);
	container_close(&c);
	return r;
}

/* Of a supervised one it is the service: its limits and its pause outlast its members. */
static int with_container(struct job *j, container_fn *fn, struct err *e)
{
	return with_opened(j, container_open, fn, e);
}

static void done(struct job *j, int result, const struct err *why)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct err e = ERR_INIT;
	void *data = NULL;
	size_t len = 0;

	if (result < 0) {
		rpc_fail_err(j->shim, j->call, why);
		return;
	}
	if (j->data_fd >= 0 && job_data(j, &a, &data, &len, &e) < 0)
		rpc_fail_err(j->shim, j->call, &e);
	else
		rpc_reply_bytes(j->shim, j->call, data, len);
}

/* Finds the running container and starts a job for it. */
static struct job *new_job(struct shim *s, struct call *c, const char *id, const void *request,
			   int (*run)(struct job *j, struct err *e),
			   void (*when_done)(struct job *j, int result, const struct err *why))
{
	struct proc *p = proc_find(s, id, "");
	struct job *j;

	if (!p) {
		rpc_fail(s, c, RPC_NOT_FOUND, "container %s: not found", id);
		return NULL;
	}
	if (p->r->state == RECORD_STOPPED) {
		rpc_fail(s, c, RPC_NOT_FOUND, "container %s: process already finished: not found", id);
		return NULL;
	}
	j = job_new(p, c, run, when_done);
	if (!j) {
		rpc_fail(s, c, RPC_EXHAUSTED, "out of memory");
		return NULL;
	}
	j->request = request;
	return j;
}

/* A job whose findings are the answer. */
static void methods_cgroup_ask(struct shim *s, struct call *c, const char *id, int (*run)(struct job *j, struct err *e))
{
	struct job *j = new_job(s, c, id, NULL, run, done);
	struct err e = ERR_INIT;

	if (!j)
		return;
	if (job_wants_data(j, &e) >= 0)
		job_start(j);
	else
		job_refuse(j, &e);
}

/* -- Pids ------------------------------------------------------------------------------------- */

static char *exec_of(struct shim *s, const char *id, pid_t pid)
{
	for (struct proc *p = s->procs; p; p = p->next)
		if (p->r->pid == pid && !proc_is_init(p) && !strcmp(proc_id(p), id))
			return (char *)proc_exec_id(p);
	return NULL;
}

static int methods_cgroup_describe(struct job *j, struct arena *a, pid_t pid, Task__ProcessInfo **ret)
{
	Task__ProcessDetails details = TASK__PROCESS_DETAILS__INIT;
	struct {
		Task__ProcessInfo info;
		Task__Any any;
	} *one = arena_alloc(a, sizeof *one);

	if (!one)
		return -ENOMEM;
	task__process_info__init(&one->info);
	task__any__init(&one->any);
	one->info.pid = (uint32_t)pid;
	*ret = &one->info;
	details.exec_id = exec_of(j->shim, proc_id(j->proc), pid);
	if (!details.exec_id)
		return 0;
	one->any.type_url = "containerd.runc.v1.ProcessDetails";
	one->any.value.len = task__process_details__get_packed_size(&details);
	one->any.value.data = arena_alloc(a, one->any.value.len);
	if (!one->any.value.data)
		return -ENOMEM;
	task__process_details__pack(&details, one->any.value.data);
	one->info.info = &one->any;
	return 0;
}

static int write_message(struct job *j, struct arena *a, const ProtobufCMessage *m, struct err *e)
{
	size_t len = protobuf_c_message_get_packed_size(m);
	uint8_t *data = arena_alloc(a, len + 1);

	if (!data)
		return err_set(e, ENOMEM, "encode the answer");
	protobuf_c_message_pack(m, data);
	return io_write_all(j->data_fd, data, len, "the answer", e);
}

static int list_pids(struct container *c, struct job *j, struct err *e)
{
	Task__PidsResponse answer = TASK__PIDS_RESPONSE__INIT;
	pid_t *pids;
	int r = container_procs(c, &pids, &answer.n_processes, e);

	if (r < 0)
		return r;
	answer.processes = arena_calloc(&c->arena, answer.n_processes, sizeof *answer.processes);
	for (size_t i = 0; i < answer.n_processes && r >= 0; i++)
		r = answer.processes ? methods_cgroup_describe(j, &c->arena, pids[i], &answer.processes[i]) : -ENOMEM;
	return r < 0 ? err_set(e, ENOMEM, "list the processes") : write_message(j, &c->arena, &answer.base, e);
}

static int run_pids(struct job *j, struct err *e)
{
	return with_opened(j, container_open_active, list_pids, e);
}

void method_pids(struct shim *s, struct call *c, const void *request)
{
	const Task__ProcessRequest *q = request;

	methods_cgroup_ask(s, c, q->id, run_pids);
}

/* -- Stats ------------------------------------------------------------------------------------ */

static int read_stats(struct container *c, struct job *j, struct err *e)
{
	Task__StatsResponse answer = TASK__STATS_RESPONSE__INIT;
	Task__Any any = TASK__ANY__INIT;
	int r = metrics_read(c, &any.value.data, &any.value.len, e);

	if (r < 0)
		return r;
	any.type_url = "io.containerd.cgroups.v2.Metrics";
	answer.stats = &any;
	return write_message(j, &c->arena, &answer.base, e);
}

static int run_stats(struct job *j, struct err *e)
{
	return with_opened(j, container_open_active, read_stats, e);
}

void method_stats(struct shim *s, struct call *c, const void *request)
{
	const Task__ProcessRequest *q = request;

	methods_cgroup_ask(s, c, q->id, run_stats);
}

/* -- Pause, Resume ---------------------------------------------------------------------------- */

static int pause_container(struct container *c, struct job *j, struct err *e)
{
	(void)j;
	return container_pause(c, e);
}

static int resume_container(struct container *c, struct job *j, struct err *e)
{
	(void)j;
	return container_resume(c, e);
}

static int methods_cgroup_run_pause(struct job *j, struct err *e)
{
	return with_container(j, pause_container, e);
}

static int methods_cgroup_run_resume(struct job *j, struct err *e)
{
	return with_container(j, resume_container, e);
}

static void freezer_done(struct job *j, int result, enum record_state state, const char *topic, const char *type,
			 const struct err *why)
{
	Events__TaskNamed event = EVENTS__TASK_NAMED__INIT;

	if (result >= 0) {
		event.container_id = (char *)proc_id(j->proc);
		if (j->proc->r->state != RECORD_STOPPED)
			j->proc->r->state = state;
		proc_publish(j->proc, topic, type, &event.base, EVENT_SPARE);
	}
	done(j, result, why);
}

static void pause_done(struct job *j, int result, const struct err *why)
{
	freezer_done(j, result, RECORD_PAUSED, "/tasks/paused", "containerd.events.TaskPaused", why);
}

static void resume_done(struct job *j, int result, const struct err *why)
{
	freezer_done(j, result, RECORD_RUNNING, "/tasks/resumed", "containerd.events.TaskResumed", why);
}

void method_pause(struct shim *s, struct call *c, const void *request)
{
	const Task__ProcessRequest *q = request;
	struct job *j = new_job(s, c, q->id, NULL, methods_cgroup_run_pause, pause_done);

	if (j)
		job_start(j);
}

void method_resume(struct shim *s, struct call *c, const void *request)
{
	const Task__ProcessRequest *q = request;
	struct job *j = new_job(s, c, q->id, NULL, methods_cgroup_run_resume, resume_done);

	if (j)
		job_start(j);
}

/* -- Update ----------------------------------------------------------------------------------- */

static int methods_cgroup_update(struct container *c, struct job *j, struct err *e)
{
	const Task__UpdateTaskRequest *q = j->request;
	struct oci_resources *resources;
	int r = spec_load_resources(&c->arena, (const char *)q->resources->value.data, q->resources->value.len,
				    &resources, e);

	return r < 0 ? r : container_update(c, resources, e);
}

static int methods_cgroup_run_update(struct job *j, struct err *e)
{
	return with_container(j, methods_cgroup_update, e);
}

void method_update(struct shim *s, struct call *c, const void *request)
{
	const Task__UpdateTaskRequest *q = request;
	struct job *j;

	if (!q->resources) {
		rpc_fail(s, c, RPC_INVALID, "update %s: no resources are given", q->id);
		return;
	}
	j = new_job(s, c, q->id, request, methods_cgroup_run_update, done);
	if (j)
		job_start(j);
}

/* -- Kill with all ---------------------------------------------------------------------------- */

static int methods_cgroup_kill_all(struct container *c, struct job *j, struct err *e)
{
	return container_kill(c, *(const int *)j->request, true, e);
}

static int run_kill_all(struct job *j, struct err *e)
{
	return with_container(j, methods_cgroup_kill_all, e);
}

void method_kill_all(struct shim *s, struct call *c, struct proc *p, int sig)
{
	struct job *j = job_new(p, c, run_kill_all, done);

	if (!j) {
		rpc_fail(s, c, RPC_EXHAUSTED, "out of memory");
		return;
	}
	j->request = &sig;
	job_kills(j);
	job_start(j);
}

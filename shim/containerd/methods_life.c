/* methods_life: Create, Exec, Start, Delete: each answered when its job is done, its event published before. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/io.h"
#include "cgroup.h"
#include "console.h"
#include "container.h"
#include "ctl.h"
#include "events.pb-c.h"
#include "guardian.h"
#include "id.h"
#include "job.h"
#include "methods.h"
#include "rootfs_mounts.h"
#include "service_api.h"
#include "supervised.h"
#include "task.pb-c.h"

#define DRAIN_NS 2000000000LL /* for a terminal whose reader is slow */
#define NOT_STARTED 255 /* exit status of an exec that could not be */

static void publish(struct proc *p, const char *topic, const char *type, const ProtobufCMessage *event)
{
	struct err e = ERR_INIT;

	if (events_publish(&p->shim->events, topic, type, event, NULL, NULL, 0, &e) < 0)
		proc_warn(p, &e);
}

static void reply_pid(struct job *j)
{
	Task__PidResponse a = TASK__PID_RESPONSE__INIT;

	a.pid = (uint32_t)j->proc->r->pid;
	rpc_reply(j->shim, j->call, &a.base);
}

/* The guardian holds what the program must not lose. */
static void keep_streams(struct proc *p)
{
	int index = ledger_index(p->shim->ledger, p->r);

	for (int i = 1; i < 3; i++)
		if (p->io.hold[i] >= 0)
			guardian_keep(p->shim->guardian_fd, index, (enum kept_fd)(KEPT_STDOUT + i - 1),
				      p->io.hold[i]);
}

/* The program is there: its streams, and the descriptor of its end. */
static int hold(struct job *j, pid_t pid, struct err *e)
{
	struct proc *p = j->proc;
	int r = proc_watch(p, pid, e);

	p->r->pid = pid;
	if (r < 0 || !p->r->terminal) {
		streams_given(&p->io);
		keep_streams(p);
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

/* -- Create ----------------------------------------------------------------------------------- */

/* What the child tells of the container that it made. */
struct made {
	pid_t pid;
	bool has_pid_ns;
	char cgroup[PATH_MAX]; /* "": none */
};

static int tell_made(struct job *j, struct err *e)
{
	struct made made = { 0 };
	struct container c;
	int r = container_peek(&j->shim->rt, proc_id(j->proc), &c, e);

	if (r >= 0) {
		made.pid = (pid_t)c.state->pid;
		made.has_pid_ns = c.state->has_pid_ns;
		if (c.state->cgroup && strlen(c.state->cgroup) < sizeof made.cgroup)
			strcpy(made.cgroup, c.state->cgroup);
		r = io_write_all(j->data_fd, &made, sizeof made, "the new container", e);
	}
	container_close(&c);
	return r;
}

static int create(struct job *j, struct err *e)
{
	const Task__CreateTaskRequest *q = j->request;
	int supervised = SUPERVISED;
	struct create_opts o = { .id = q->id, .bundle = q->bundle, .as_sibling = true, .adapt = service_look,
				 .adapt_arg = &supervised,
				 .console_fd = q->terminal ? j->console[1] : 0 };
	int r = streams_use(&j->proc->io, j->proc->r, j->shim->name_space, e);

	if (r >= 0 && chdir(q->bundle) < 0)
		r = err_set(e, errno, "enter the bundle %s", q->bundle);
	if (r >= 0)
		r = container_create(&j->shim->rt, &o, e);
	return r < 0 ? r : tell_made(j, e);
}

static int run_create(struct job *j, struct err *e)
{
	const Task__CreateTaskRequest *q = j->request;
	struct err more = ERR_INIT;
	int r = rootfs_mount_all(q->bundle, q->rootfs, q->n_rootfs, e);

	if (r < 0)
		return r;
	r = create(j, e);
	if (r < 0 && r != -SUPERVISED)
		rootfs_unmount_all(q->bundle, &more);
	return r;
}

static void watch_cgroup(struct proc *p, const char *path)
{
	struct cgroup cg = CGROUP_INIT;
	struct err e = ERR_INIT;

	if (cgroup_open(&cg, path, &e) >= 0)
		proc_watch_oom(p, cg.fd);
	cgroup_close(&cg);
}

static void publish_created(struct job *j)
{
	Task__CreateTaskRequest *q = task__create_task_request__unpack(NULL, j->kept_len, j->kept);
	Events__TaskCreate event = EVENTS__TASK_CREATE__INIT;
	Events__TaskIO io = EVENTS__TASK_IO__INIT;

	if (!q)
		return;
	io.stdin = q->stdin;
	io.stdout = q->stdout;
	io.stderr = q->stderr;
	io.terminal = q->terminal;
	event.container_id = q->id;
	event.bundle = q->bundle;
	event.rootfs = q->rootfs;
	event.n_rootfs = q->n_rootfs;
	event.io = &io;
	event.pid = (uint32_t)j->proc->r->pid;
	publish(j->proc, "/tasks/create", "containerd.events.TaskCreate", &event.base);
	task__create_task_request__free_unpacked(q, NULL);
}

static void create_failed(struct job *j, struct err *e)
{
	err_in(e, "OCI runtime create failed");
	rpc_fail_err(j->shim, j->call, e);
	j->proc->gone = true;
}

static void is_created(struct job *j)
{
	j->proc->r->state = RECORD_CREATED;
	publish_created(j);
	reply_pid(j);
	proc_try_end(j->proc);
}

/* What a failed service leaves are the mounts that the job has made. */
static void supervised_done(struct proc *p, int result, const struct err *why)
{
	struct job *j = p->creating;
	struct err e = *why;

	p->creating = NULL;
	p->busy = false;
	if (result >= 0) {
		keep_streams(p);
		is_created(j);
	} else {
		create_failed(j, &e);
		job_undo(p);
	}
	job_release(j);
}

static void supervise(struct job *j)
{
	struct proc *p = j->proc;

	p->busy = true;
	p->creating = j;
	job_hold(j);
	supervised_create(p, supervised_done);
	/* Its members write to the other ends; between two of them nobody must see the end of the stream. */
	streams_given_to_service(&p->io);
}

static void create_done(struct job *j, int result, const struct err *why)
{
	struct proc *p = j->proc;
	struct err e = *why;
	struct made made;

	p->busy = false;
	if (result == -SUPERVISED) {
		supervise(j);
		return;
	}
	if (result >= 0 && pread(j->data_fd, &made, sizeof made, 0) != (ssize_t)sizeof made)
		result = err_msg(&e, EIO, "read what was made");
	if (result >= 0) {
		p->r->has_pid_ns = made.has_pid_ns;
		result = hold(j, made.pid, &e);
	}
	if (result < 0) {
		create_failed(j, &e);
		return;
	}
	if (made.cgroup[0])
		watch_cgroup(p, made.cgroup);
	is_created(j);
}

/* The request itself is needed once more for the event. */
static int keep_request(struct job *j, const Task__CreateTaskRequest *q, struct err *e)
{
	j->request = q;
	j->kept_len = task__create_task_request__get_packed_size(q);
	j->kept = malloc(j->kept_len + 1);
	if (!j->kept)
		return err_set(e, ENOMEM, "create %s", q->id);
	task__create_task_request__pack(q, j->kept);
	return 0;
}

static int check_create(const Task__CreateTaskRequest *q, struct err *e)
{
	if (q->checkpoint[0])
		return err_msg(e, ENOTSUP, "create from a checkpoint is not built into hart");
	return id_check(q->id, e);
}

/* A process with its streams, and the job that brings it to life; answers the call when it cannot be. */
static struct job *begin(struct shim *s, struct call *c, struct proc *p, int (*run)(struct job *j, struct err *e),
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

void method_create(struct shim *s, struct call *c, const void *request)
{
	const Task__CreateTaskRequest *q = request;
	const char *const words[RECORD_WORDS] = { q->id, "", q->bundle, q->stdin, q->stdout, q->stderr };
	struct err e = ERR_INIT;
	struct proc *p = NULL;
	struct job *j = NULL;
	int r = check_create(q, &e);

	if (r >= 0)
		r = proc_new(s, words, &p, &e);
	if (r >= 0) {
		p->r->terminal = q->terminal;
		r = streams_open(&p->io, p->r, &e);
	}
	if (r < 0) {
		rpc_fail_err(s, c, &e);
	} else if ((j = begin(s, c, p, run_create, create_done))) {
		if (keep_request(j, q, &e) < 0)
			job_refuse(j, &e);
		else
			job_start(j);
		return;
	}
	if (p)
		proc_free(p);
}

/* -- Exec: only written down ------------------------------------------------------------------ */

static int spec_name(const struct proc *p, char *path, size_t size)
{
	return snprintf(path, size, "%s/process-%s.json", record_text(p->r, RECORD_BUNDLE), proc_exec_id(p));
}

static int save_spec(const struct proc *p, const ProtobufCBinaryData *spec, struct err *e)
{
	char path[RECORD_TEXT + 32];

	spec_name(p, path, sizeof path);
	_cleanup_fd_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_set(e, errno, "write %s", path);
	return io_write_all(fd, spec->data, spec->len, path, e);
}

static void forget_spec(const struct proc *p)
{
	char path[RECORD_TEXT + 32];

	spec_name(p, path, sizeof path);
	unlink(path);
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
	struct proc *init = proc_find(s, q->id, "");
	Events__TaskExec event = EVENTS__TASK_EXEC__INIT;
	struct err e = ERR_INIT;

	if (!init) {
		rpc_fail(s, c, RPC_NOT_FOUND, "container %s: not found", q->id);
	} else if (!q->spec || !q->spec->value.len) {
		rpc_fail(s, c, RPC_INVALID, "exec %s: no process is given", q->exec_id);
	} else if (register_exec(s, q, init, &e) < 0) {
		rpc_fail_err(s, c, &e);
	} else {
		event.container_id = q->id;
		event.exec_id = q->exec_id;
		publish(init, "/tasks/exec-added", "containerd.events.TaskExecAdded", &event.base);
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
	Events__TaskStart event = EVENTS__TASK_START__INIT;
	struct err e = *why;

	p->busy = false;
	if (result < 0) {
		err_in(&e, "OCI runtime start failed");
		rpc_fail_err(j->shim, j->call, &e);
	} else {
		p->r->state = RECORD_RUNNING;
		streams_started(&p->io);
		event.container_id = (char *)proc_id(p);
		event.pid = (uint32_t)p->r->pid;
		publish(p, "/tasks/start", "containerd.events.TaskStart", &event.base);
		reply_pid(j);
	}
	proc_try_end(p);
}

static int exec_in(struct job *j, struct container *c, struct err *e)
{
	const struct proc *p = j->proc;
	char path[RECORD_TEXT + 32];
	pid_t pid = 0;
	int status;
	struct exec_opts o = { .process_json = path, .detach = true, .as_sibling = true, .ret_pid = &pid,
			       .tty = p->r->terminal, .console_fd = p->r->terminal ? j->console[1] : 0 };

	spec_name(p, path, sizeof path);
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
	forget_spec(p);
	if (result >= 0)
		result = hold(j, result, &e);
	if (result < 0) {
		exec_failed(j, &e);
		return;
	}
	p->r->state = RECORD_RUNNING;
	streams_started(&p->io);
	event.container_id = (char *)proc_id(p);
	event.exec_id = (char *)proc_exec_id(p);
	event.pid = (uint32_t)p->r->pid;
	publish(p, "/tasks/exec-started", "containerd.events.TaskExecStarted", &event.base);
	reply_pid(j);
	proc_try_end(p);
}

static void start_exec(struct shim *s, struct call *c, struct proc *p)
{
	struct proc *init = proc_find(s, proc_id(p), "");
	struct err e = ERR_INIT;
	struct job *j;

	if (!init || init->r->exited) {
		rpc_fail(s, c, RPC_FAILED_PRECONDITION, "container %s: process is not running: init has ended",
			 proc_id(p));
	} else if (streams_open(&p->io, p->r, &e) < 0) {
		rpc_fail_err(s, c, &e);
	} else if ((j = begin(s, c, p, run_exec, exec_done))) {
		job_start(j);
	}
}

void method_start(struct shim *s, struct call *c, const void *request)
{
	const Task__ProcessRequest *q = request;
	struct proc *p = proc_find(s, q->id, q->exec_id);
	struct job *j;

	if (!p)
		rpc_fail(s, c, RPC_NOT_FOUND, "container %s %s: not found", q->id, q->exec_id);
	else if (p->busy || p->r->state != RECORD_CREATED)
		rpc_fail(s, c, RPC_FAILED_PRECONDITION, "container %s %s: cannot start a process that is not in the "
			 "created state", q->id, q->exec_id);
	else if (!proc_is_init(p))
		start_exec(s, c, p);
	else if ((j = begin(s, c, p, run_start, start_done)))
		job_start(j);
}

/* -- Delete ----------------------------------------------------------------------------------- */

static void reply_deleted(struct shim *s, struct call *c, const struct proc *p)
{
	Task__DeleteResponse a = TASK__DELETE_RESPONSE__INIT;
	Task__Timestamp when = TASK__TIMESTAMP__INIT;

	a.pid = (uint32_t)p->r->pid;
	a.exit_status = p->r->exit_status;
	when.seconds = p->r->exited_s;
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
	publish(p, "/tasks/delete", "containerd.events.TaskDelete", &event.base);
}

/* What was started in it and nobody has deleted goes with it. */
static void forget_execs(const struct proc *init)
{
	for (struct proc *p = init->shim->procs, *next; p; p = next) {
		next = p->next;
		if (p == init || strcmp(proc_id(p), proc_id(init)))
			continue;
		if (p->r->state == RECORD_CREATED)
			forget_spec(p);
		p->gone = true;
		if (!p->jobs)
			proc_free(p);
	}
}

static void delete_done(struct job *j, int result, const struct err *why)
{
	struct proc *p = j->proc;

	p->busy = false;
	if (result < 0) {
		rpc_fail_err(j->shim, j->call, why);
		return;
	}
	/* Created and never started: it ended now. */
	if (!p->r->exited)
		proc_set_exit(p, 128 + 9);
	forget_execs(p);
	publish_deleted(p);
	reply_deleted(j->shim, j->call, p);
	p->gone = true;
}

static void delete_now(struct proc *p, struct call *c)
{
	struct shim *s = p->shim;
	struct job *j;

	loop_timer_stop(&s->loop, &p->drain);
	p->deleting = NULL;
	if (proc_is_init(p)) {
		if ((j = begin(s, c, p, job_remove, delete_done)))
			job_start(j);
		return;
	}
	if (p->r->state == RECORD_CREATED)
		forget_spec(p);
	reply_deleted(s, c, p);
	proc_free(p);
}

static void on_drained(void *arg)
{
	struct proc *p = arg;

	if (p->deleting)
		delete_now(p, p->deleting);
}

static void on_drain_timeout(struct timer *t)
{
	on_drained(LOOP_OWNER(t, struct proc, drain));
}

void method_delete(struct shim *s, struct call *c, const void *request)
{
	const Task__ProcessRequest *q = request;
	struct proc *p = proc_find(s, q->id, q->exec_id);

	if (!p) {
		rpc_fail(s, c, RPC_NOT_FOUND, "container %s %s: not found", q->id, q->exec_id);
	} else if (p->busy || p->deleting || (p->r->state != RECORD_STOPPED && p->r->state != RECORD_CREATED)) {
		rpc_fail(s, c, RPC_FAILED_PRECONDITION, "container %s %s: cannot delete a process that is running",
			 q->id, q->exec_id);
	} else if (p->r->state == RECORD_STOPPED && !streams_drain(&p->io, on_drained, p)) {
		p->deleting = c;
		loop_timer(&s->loop, &p->drain, DRAIN_NS, on_drain_timeout);
	} else {
		delete_now(p, c);
	}
}

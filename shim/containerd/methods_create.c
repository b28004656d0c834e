/* SPDX-License-Identifier: Apache-2.0 */
/* methods_create: a container up to `created`; answered when its job is done, its event published before. */
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/io.h"
#include "cgroup/cgroup.h"
#include "container.h"
#include "events.pb-c.h"
#include "id.h"
#include "life.h"
#include "methods.h"
#include "proc_end.h"
#include "rootfs_mounts.h"
#include "service/api.h"
#include "supervised.h"
#include "task.pb-c.h"
#include "task_options.h"

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
	return r < 0 ? r : 0;
}

static int methods_create_create(struct job *j, struct err *e)
{
	const Task__CreateTaskRequest *q = j->request;
	struct options options = { 0 };
	struct service_look look = { 0 };
	struct create_opts o = { .id = q->id, .bundle = q->bundle, .as_sibling = true, .adapt = service_look,
				 .adapt_arg = &look,
				 .console_fd = q->terminal ? &j->console[1] : NULL };
	int r = q->options ? options_read(q->options->type_url, q->options->value.data, q->options->value.len,
					  &options, e) : 0;

	o.no_pivot = options.no_pivot;
	o.systemd_cgroup = options.systemd_cgroup;
	o.no_new_keyring = options.no_new_keyring;
	if (r >= 0)
		r = streams_use(&j->proc->io, j->proc->r, j->shim->name_space, e);
	if (r >= 0 && chdir(q->bundle) < 0)
		r = err_set(e, errno, "enter the bundle %s", q->bundle);
	if (r >= 0)
		r = container_create(&j->shim->rt, &o, e);
	return r != 0 ? r : tell_made(j, e);
}

static int methods_create_run_create(struct job *j, struct err *e)
{
	const Task__CreateTaskRequest *q = j->request;
	struct err more = ERR_INIT;
	int r = rootfs_mount_all(q->bundle, q->rootfs, q->n_rootfs, e);

	if (r < 0)
		return r;
	r = methods_create_create(j, e);
	if (r < 0)
		rootfs_unmount_all(q->bundle, &more);
	return r;
}

static void methods_create_watch_cgroup(struct proc *p, const char *path)
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
	proc_publish(j->proc, "/tasks/create", "containerd.events.TaskCreate", &event.base,
		     EVENT_NEEDED);
	task__create_task_request__free_unpacked(q, NULL);
}

static void create_failed(struct job *j, struct err *e)
{
	err_in(e, "OCI runtime create failed");
	rpc_fail_err(j->shim, j->call, e);
	j->proc->gone = true;
}

static void task_created(struct job *j)
{
	j->proc->r->state = RECORD_CREATED;
	publish_created(j);
	life_reply_pid(j);
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
		life_keep_streams(p);
		task_created(j);
	} else {
		create_failed(j, &e);
		job_undo(p);
	}
	job_release(j);
}

static bool asks_for_systemd(const struct job *j)
{
	Task__CreateTaskRequest *q = task__create_task_request__unpack(NULL, j->kept_len, j->kept);
	struct options options = { 0 };
	struct err ignored = ERR_INIT; /* the job has read them already */

	if (q && q->options)
		options_read(q->options->type_url, q->options->value.data, q->options->value.len, &options, &ignored);
	task__create_task_request__free_unpacked(q, NULL);
	return options.systemd_cgroup;
}

static void methods_create_supervise(struct job *j)
{
	struct proc *p = j->proc;

	p->busy = true;
	p->creating = j;
	job_hold(j);
	supervised_create(p, asks_for_systemd(j), supervised_done);
	/* Its members write to the other ends; between two of them nobody must see the end of the stream. */
	streams_given_to_service(&p->io);
}

static void create_done(struct job *j, int result, const struct err *why)
{
	struct proc *p = j->proc;
	struct err e = *why;
	struct made made;

	p->busy = false;
	life_reopen_streams(p);
	if (result == CREATE_DECLINED) {
		methods_create_supervise(j);
		return;
	}
	if (result >= 0 && pread(j->data_fd, &made, sizeof made, 0) != (ssize_t)sizeof made)
		result = err_msg(&e, EIO, "read the result of the create job");
	if (result >= 0) {
		p->r->has_pid_ns = made.has_pid_ns;
		result = life_hold(j, made.pid, &e);
	}
	if (result < 0) {
		create_failed(j, &e);
		return;
	}
	if (made.cgroup[0])
		methods_create_watch_cgroup(p, made.cgroup);
	task_created(j);
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
		return err_msg(e, ENOTSUP, "hart does not implement create from a checkpoint");
	return id_check(q->id, e);
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
	} else if ((j = life_begin(s, c, p, methods_create_run_create, create_done))) {
		if (keep_request(j, q, &e) < 0)
			job_refuse(j, &e);
		else
			job_start(j);
		return;
	}
	if (p)
		proc_free(p);
}

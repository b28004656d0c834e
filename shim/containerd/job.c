/* SPDX-License-Identifier: Apache-2.0 */
/* job: see job.h. */
#include "job.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/fd.h"
#include "container.h"
#include "rootfs_mounts.h"
#include "service/api.h"
#include "waiters.h"

#define DATA_MAX ((off_t)64 << 20)

struct job *job_new(struct proc *p, struct call *call, int (*run)(struct job *j, struct err *e),
		    void (*done)(struct job *j, int result, const struct err *why))
{
	struct job *j = calloc(1, sizeof *j);

	if (!j)
		return NULL;
	j->worker = WORKER_INIT;
	j->shim = p->shim;
	j->proc = p;
	j->call = call;
	j->run = run;
	j->done = done;
	j->data_fd = j->console[0] = j->console[1] = FD_NONE;
	return j;
}

int job_wants_data(struct job *j, struct err *e)
{
	j->data_fd = memfd_create("hart-job", MFD_CLOEXEC);
	return j->data_fd < 0 ? err_set(e, errno, "make a file in memory") : 0;
}

int job_wants_console(struct job *j, struct err *e)
{
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, j->console) < 0)
		return err_set(e, errno, "make the console socket pair");
	if (fcntl(j->console[0], F_SETFL, O_NONBLOCK) < 0)
		return err_set(e, errno, "make the console socket non-blocking");
	return 0;
}

static int job_run(void *arg, struct err *e)
{
	struct job *j = arg;

	/* What the program inherits, when its config says nothing. */
	if (setrlimit(RLIMIT_NOFILE, &j->shim->nofile) < 0)
		return err_set(e, errno, "give back the limit of open files");
	return j->run(j, e);
}

void job_free(struct job *j)
{
	if (!j)
		return;
	fd_close(&j->data_fd);
	fd_close(&j->console[0]);
	fd_close(&j->console[1]);
	free(j->kept);
	free(j);
}

void job_kills(struct job *j)
{
	j->kills = true;
	j->proc->kills++;
}

void job_hold(struct job *j)
{
	j->held = true;
}

void job_release(struct job *j)
{
	struct proc *p = j->proc;

	job_free(j);
	if (--p->jobs == 0 && p->gone)
		proc_free(p);
}

static void job_finish(struct job *j, int result, const struct err *why)
{
	struct shim *s = j->shim;
	struct proc *p = j->proc;

	s->jobs--;
	j->done(j, result, why);
	p->kills -= j->kills;
	if (!p->busy)
		waiters_go_on(p);
	if (!j->held)
		job_release(j);
	shim_reap(s);
	shim_settle(s);
}

static void on_job_done(struct worker *w, int result, const struct err *why)
{
	job_finish(LOOP_OWNER(w, struct job, worker), result, why);
}

void job_refuse(struct job *j, const struct err *why)
{
	j->shim->jobs++;
	j->proc->jobs++;
	job_finish(j, -why->code, why);
}

void job_start(struct job *j)
{
	struct streams *io = &j->proc->io;
	int *const keep[] = { &j->shim->rt.root_fd, &j->data_fd, &j->console[1], &io->give[0], &io->give[1],
			      &io->give[2], &io->logger[0], &io->logger[1], NULL };
	struct err e = ERR_INIT;

	j->shim->jobs++;
	j->proc->jobs++;
	int r = worker_start(&j->worker, &j->shim->loop, keep, job_run, j, on_job_done, &e);
	if (r < 0)
		job_finish(j, r, &e);
}

int job_data(struct job *j, struct arena *a, void **ret, size_t *ret_len, struct err *e)
{
	struct stat st;

	if (fstat(j->data_fd, &st) < 0 || st.st_size > DATA_MAX)
		return err_set(e, EFBIG, "read the job's result");
	*ret_len = (size_t)st.st_size;
	*ret = arena_alloc(a, *ret_len + 1);
	if (!*ret)
		return err_set(e, ENOMEM, "read the job's result");
	if (pread(j->data_fd, *ret, *ret_len, 0) != (ssize_t)*ret_len)
		return err_set(e, EIO, "read the job's result");
	return 0;
}

/* -- the end of a container without a PID namespace ------------------------------------------ */

static int kill_all(struct job *j, struct err *e)
{
	struct container c;
	int r = container_peek(&j->shim->rt, proc_id(j->proc), &c, e);

	if (r >= 0)
		r = container_kill(&c, SIGKILL, true, e);
	container_close(&c);
	return r;
}

static void killed_all(struct job *j, int result, const struct err *why)
{
	if (result < 0 && result != -ESRCH && result != -ENOENT)
		proc_warn(j->proc, why);
}

void job_kill_all(struct proc *p)
{
	struct job *j = job_new(p, NULL, kill_all, killed_all);

	if (j)
		job_start(j);
}

/* -- a creation that was cut short ----------------------------------------------------------- */

int job_remove(struct job *j, struct err *e)
{
	int r = service_clear(&j->shim->rt, proc_id(j->proc), e);

	return r < 0 ? r : rootfs_unmount_all(record_text(j->proc->r, RECORD_BUNDLE), e);
}

static void job_undone(struct job *j, int result, const struct err *why)
{
	if (result < 0)
		proc_warn(j->proc, why);
	j->proc->gone = true;
}

void job_undo(struct proc *p)
{
	struct job *j = job_new(p, NULL, job_remove, job_undone);

	if (j)
		job_start(j);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* resume: see resume.h. Descriptors that the guardian kept were inherited under its numbers. */
#include "resume.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/log.h"
#include "cgroup/cgroup.h"
#include "job.h"
#include "proc_end.h"
#include "rpc.h"
#include "statefile.h"
#include "supervised.h"

static int kept(const struct proc *p, enum kept_fd what)
{
	struct ledger *l = p->shim->ledger;

	return l->kept[ledger_index(l, p->r)][what] - 1;
}

static int take_streams(struct proc *p, struct err *e)
{
	int master = kept(p, KEPT_MASTER);

	for (int i = 1; i < 3; i++) {
		int fd = kept(p, (enum kept_fd)(KEPT_STDOUT + i - 1));
		p->io.hold[i] = fd < 0 ? FD_NONE : fd;
	}
	if (master < 0)
		return 0;
	int r = streams_open(&p->io, p->r, e);
	return r < 0 ? r : streams_attach(&p->io, &p->shim->loop, master, e);
}

static void resume_watch_cgroup(struct proc *p)
{
	struct cgroup cg = CGROUP_INIT;
	struct err e = ERR_INIT;
	struct container c;

	if (!proc_is_init(p))
		return;
	if (container_peek(&p->shim->rt, proc_id(p), &c, &e) >= 0 && c.state->cgroup &&
	    cgroup_open(&cg, c.state->cgroup, &e) >= 0)
		proc_watch_oom(p, cg.fd);
	cgroup_close(&cg);
	container_close(&c);
}

/* Still the same process? Until the guardian collects it its number is its own. */
static int take_running(struct proc *p, struct err *e)
{
	uint64_t was = p->r->pid_start, is;
	pid_t pid = p->r->is_service ? p->r->supervisor : p->r->pid;
	int r = statefile_pid_start(pid, &is, e), notes_fd = kept(p, KEPT_SERVICE);

	if (r >= 0 && is != was)
		r = err_msg(e, ESRCH, "process %d is another one", pid);
	if (r >= 0)
		r = proc_watch(p, pid, e);
	if (r >= 0 && notes_fd >= 0)
		r = supervised_resume(p, notes_fd, e);
	return r;
}

static void resume_take(struct proc *p)
{
	struct err e = ERR_INIT;

	if (p->r->state == RECORD_STOPPED) {
		proc_tell_end(p);
		return;
	}
	if (p->r->state == RECORD_NEW && !proc_is_init(p)) {
		proc_free(p);
		return;
	}
	if (p->r->state == RECORD_NEW) { /* cut short: what its maker has made or still makes goes */
		p->busy = true;
		job_undo(p);
		return;
	}
	if (!p->r->pid) /* an exec that is not started */
		return;
	if (take_streams(p, &e) < 0)
		proc_warn(p, &e);
	resume_watch_cgroup(p);
	if (!p->r->exited && take_running(p, &e) < 0 && !p->r->exited) {
		proc_warn(p, &e);
		proc_set_exit(p, 255);
	}
	proc_try_end(p);
}

static void take_calls(struct shim *s)
{
	struct ledger *l = s->ledger;

	for (uint32_t i = 0; i < l->calls_end; i++)
		if (l->calls[i].open && l->calls[i].record < 0)
			rpc_fail(s, &l->calls[i], RPC_UNAVAILABLE, "the shim's worker was killed meanwhile");
}

void resume(struct shim *s)
{
	struct ledger *l = s->ledger;
	struct err e = ERR_INIT;

	if (l->workers == 1)
		return;
	for (int i = 0; i < CONNECTIONS_MAX; i++)
		if (l->connections[i] && rpc_serve(s, i, l->connections[i] - 1, &e) < 0)
			log_warn("%s", e.text);
	take_calls(s);
	events_resume(&s->events);
	for (uint32_t i = 0; i < l->records_end; i++)
		if (l->records[i].state != RECORD_FREE && proc_adopt(s, &l->records[i], &e) < 0)
			log_warn("%s", e.text);
	for (struct proc *p = s->procs, *next; p; p = next) {
		next = p->next;
		resume_take(p);
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
/* proc: see proc.h. */
#include "proc.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/sys.h"
#include "keep.h"
#include "waiters.h"

const char *proc_id(const struct proc *p)
{
	return record_text(p->r, RECORD_ID);
}

const char *proc_exec_id(const struct proc *p)
{
	return record_text(p->r, RECORD_EXEC_ID);
}

bool proc_is_init(const struct proc *p)
{
	return !proc_exec_id(p)[0];
}

void proc_warn(const struct proc *p, const struct err *why)
{
	log_warn("%s%s%s: %s", proc_id(p), proc_is_init(p) ? "" : "/", proc_exec_id(p), why->text);
}

struct proc *proc_find(struct shim *s, const char *id, const char *exec_id)
{
	for (struct proc *p = s->procs; p; p = p->next)
		if (!p->gone && !strcmp(proc_id(p), id) && !strcmp(proc_exec_id(p), exec_id))
			return p;
	return NULL;
}

static struct proc *proc_add(struct shim *s, struct record *r)
{
	struct proc *p = calloc(1, sizeof *p);

	if (!p)
		return NULL;
	p->shim = s;
	p->r = r;
	p->pidfd = FD_NONE;
	p->exit = p->notes = SOURCE_INIT;
	p->io = STREAMS_INIT;
	p->oom = OOM_INIT;
	p->next = s->procs;
	return s->procs = p;
}

int proc_new(struct shim *s, const char *const words[RECORD_WORDS], struct proc **ret, struct err *e)
{
	if (proc_find(s, words[RECORD_ID], words[RECORD_EXEC_ID]))
		return err_msg(e, EEXIST, "%s %s: already exists", words[RECORD_EXEC_ID][0] ? "process" : "task",
			       words[words[RECORD_EXEC_ID][0] ? RECORD_EXEC_ID : RECORD_ID]);
	struct record *r = NULL;
	int ok = record_new(s->ledger, words, &r, e);

	if (ok < 0)
		return ok;
	*ret = proc_add(s, r);
	if (*ret)
		return 0;
	record_free(r);
	return err_set(e, ENOMEM, "keep a process");
}

int proc_adopt(struct shim *s, struct record *r, struct err *e)
{
	return proc_add(s, r) ? 0 : err_set(e, ENOMEM, "keep a process");
}

void proc_leave(struct proc *p)
{
	p->gone = true;
	waiters_answer(p);
	waiters_go_on(p);
	if (!p->jobs)
		proc_free(p);
}

void proc_free(struct proc *p)
{
	struct shim *s = p->shim;
	struct proc **at = &s->procs;

	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	loop_timer_stop(&s->loop, &p->drain);
	int notes_fd = p->notes.fd;
	loop_del(&s->loop, &p->exit);
	loop_del(&s->loop, &p->notes);
	fd_close(&notes_fd);
	fd_close(&p->pidfd);
	oom_close(&p->oom);
	streams_close(&p->io);
	guardian_drop(s->guardian_fd, ledger_index(s->ledger, p->r));
	waiters_answer(p);
	record_free(p->r);
	waiters_go_on(p);
	free(p);
}

int proc_signal(struct proc *p, int sig, struct err *e)
{
	if (!p->r->pid)
		return err_msg(e, EINVAL, "process not created");
	if (p->pidfd < 0 || sys_pidfd_send_signal(p->pidfd, sig) < 0) {
		if (p->pidfd < 0 || errno == ESRCH)
			return err_msg(e, ESRCH, "process already finished");
		return err_set(e, errno, "send signal %d", sig);
	}
	return 0;
}

void proc_publish(struct proc *p, const char *topic, const char *type, const ProtobufCMessage *event,
		  enum event_need need)
{
	struct err e = ERR_INIT;

	if (events_publish(&p->shim->events, topic, type, event, need, &e) < 0)
		proc_warn(p, &e);
}

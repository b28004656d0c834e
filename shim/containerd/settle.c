/* SPDX-License-Identifier: Apache-2.0 */
/* settle: when a worker has nothing to do any more, and which of its children are nobody's. */
#include <sys/wait.h>
#include <unistd.h>

#include "proc.h"
#include "shim.h"

static bool is_ours(const struct shim *s, pid_t pid)
{
	for (const struct proc *p = s->procs; p; p = p->next)
		if ((p->r->pid == pid || p->r->supervisor == pid) && p->pidfd >= 0)
			return true;
	return false;
}

/* While a job is under way its own children may be there whose numbers are not known yet. */
void shim_reap(struct shim *s)
{
	siginfo_t info;

	while (!s->jobs) {
		info.si_pid = 0;
		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || !info.si_pid ||
		    is_ours(s, info.si_pid))
			return;
		waitid(P_PID, (id_t)info.si_pid, &info, WEXITED | WNOHANG);
	}
}

static bool is_flushed(const struct shim *s)
{
	for (int i = 0; i < s->connections_end; i++)
		if (s->connections[i].open && !stream_is_flushed(&s->connections[i].stream))
			return false;
	return events_is_flushed(&s->events);
}

void shim_settle(struct shim *s)
{
	if (!s->leaving || s->procs || s->jobs || !is_flushed(s))
		return;
	/* Its socket would be taken for that of a living one as long as the guardian has it. */
	unlink(s->address);
	loop_stop(&s->loop);
}

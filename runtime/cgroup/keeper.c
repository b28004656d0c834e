/* SPDX-License-Identifier: Apache-2.0 */
/* keeper: see keeper.h. */
#include "cgroup/keeper.h"

#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/signals.h"
#include "base/spawn.h"
#include "base/sys.h"

#define LEAVE SIGUSR1
#define GONE SIGUSR2 /* is told after LEAVE, as its number is higher */

/* It may live as long as a service: without a terminal, descriptors and signals of ours. It ends with its parent unless
 * that has left it, so that one that is killed before leaves none behind. What it waits for is blocked. */
static _Noreturn void keep(pid_t parent, const sigset_t *awaited)
{
	int sig;

	signals_reset(awaited);
	prctl(PR_SET_PDEATHSIG, GONE);
	if (getppid() != parent)
		kill(getpid(), GONE);
	setsid();
	fd_close_range(0, ~0U);
	prctl(PR_SET_NAME, "hart-keeper");
	do
		sig = sigwaitinfo(awaited, NULL);
	while (sig < 0);
	if (sig == GONE)
		_exit(1);
	for (;;)
		pause();
}

int keeper_start(struct keeper *ret, struct err *e)
{
	struct keeper k = { .pidfd = FD_NONE };
	struct clone_args args = { .flags = CLONE_PIDFD, .pidfd = (uint64_t)(uintptr_t)&k.pidfd, .exit_signal = SIGCHLD };
	pid_t self = getpid();
	sigset_t awaited, before;

	/* Blocked before it begins: LEAVE may come before its first instruction, and would end it. */
	sigemptyset(&awaited);
	sigaddset(&awaited, LEAVE);
	sigaddset(&awaited, GONE);
	sigprocmask(SIG_BLOCK, &awaited, &before);
	k.pid = spawn_process(&args);
	if (k.pid == 0)
		keep(self, &awaited);
	int why = errno;
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (k.pid < 0)
		return err_set(e, why, "make a process for systemd to begin with");
	*ret = k;
	return 0;
}

void keeper_end(struct keeper *k)
{
	siginfo_t info;

	if (k->pidfd < 0)
		return;
	sys_pidfd_send_signal(k->pidfd, SIGKILL);
	while (waitid((idtype_t)P_PIDFD, (id_t)k->pidfd, &info, WEXITED) < 0 && errno == EINTR)
		;
	fd_close(&k->pidfd);
}

void keeper_leave(struct keeper *k)
{
	sys_pidfd_send_signal(k->pidfd, LEAVE);
	fd_close(&k->pidfd);
}

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

/* It may live as long as a service: without a terminal, descriptors and signals of ours. It ends with its parent until
 * that leaves it, so that one that is killed before leaves none behind. */
static _Noreturn void keep(pid_t parent)
{
	sigset_t leave;

	signals_reset();
	sigemptyset(&leave);
	sigaddset(&leave, LEAVE);
	sigprocmask(SIG_BLOCK, &leave, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	setsid();
	fd_close_range(0, ~0U);
	prctl(PR_SET_NAME, "hart-keeper");
	for (;;)
		if (sigwaitinfo(&leave, NULL) == LEAVE)
			prctl(PR_SET_PDEATHSIG, 0);
}

int keeper_start(struct keeper *ret, struct err *e)
{
	struct keeper k = { .pidfd = FD_NONE };
	struct clone_args args = { .flags = CLONE_PIDFD, .pidfd = (uint64_t)(uintptr_t)&k.pidfd, .exit_signal = SIGCHLD };

	pid_t self = getpid();
	k.pid = spawn_process(&args);
	if (k.pid == 0)
		keep(self);
	if (k.pid < 0)
		return err_set(e, errno, "make a process for systemd to begin with");
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

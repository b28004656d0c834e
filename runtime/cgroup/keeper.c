/* keeper: see keeper.h. */
#include "cgroup/keeper.h"

#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/signals.h"
#include "base/sys.h"

/* It may live as long as a service: without a terminal, descriptors and signals of ours. */
static _Noreturn void keep(void)
{
	signals_reset();
	setsid();
	sys_close_range(0, ~0U, 0);
	prctl(PR_SET_NAME, "hart-keeper");
	for (;;)
		pause();
}

int keeper_start(struct keeper *ret, struct err *e)
{
	struct keeper k = { .pidfd = FD_NONE };
	struct clone_args args = { .flags = CLONE_PIDFD, .pidfd = (uint64_t)(uintptr_t)&k.pidfd, .exit_signal = SIGCHLD };

	k.pid = sys_clone3(&args);
	if (k.pid == 0)
		keep();
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
	keeper_leave(k);
}

void keeper_leave(struct keeper *k)
{
	fd_close(&k->pidfd);
	k->pid = 0;
}

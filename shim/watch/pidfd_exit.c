/* SPDX-License-Identifier: Apache-2.0 */
/* pidfd_exit: see pidfd_exit.h. */
#include "watch/pidfd_exit.h"

#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include "base/fd.h"

/* include/uapi/linux/pidfd.h of Linux 6.15: newer than Debian's headers. The kernel fills as much as the size
 * in the request says that there is. */
struct pidfd_info {
	uint64_t mask, cgroupid;
	uint32_t pid, tgid, ppid, ruid, rgid, euid, egid, suid, sgid, fsuid, fsgid;
	int32_t exit_code;
};

#ifndef PIDFD_INFO_EXIT
#define PIDFD_INFO_EXIT (1UL << 3)
#endif
#define GET_INFO _IOWR(0xFF, 11, struct pidfd_info)

/* Known when its parent has collected it, which comes after its end. */
#define COLLECTED_TIMEOUT_MS 20

static int pidfd_exit_ask(int pidfd)
{
	struct pidfd_info info = { .mask = PIDFD_INFO_EXIT };
	struct pollfd collected = { .fd = pidfd };
	int r = ioctl(pidfd, GET_INFO, &info);

	if (r == 0 && !(info.mask & PIDFD_INFO_EXIT) && poll(&collected, 1, COLLECTED_TIMEOUT_MS) > 0) {
		info.mask = PIDFD_INFO_EXIT;
		r = ioctl(pidfd, GET_INFO, &info);
	}
	if (r < 0 || !(info.mask & PIDFD_INFO_EXIT))
		return -1;
	return WIFEXITED(info.exit_code) ? WEXITSTATUS(info.exit_code) : 128 + WTERMSIG(info.exit_code);
}

int pidfd_exit_status(int pidfd)
{
	siginfo_t info = { 0 };

	if (waitid((idtype_t)P_PIDFD, (id_t)pidfd, &info, WEXITED | WNOHANG | WNOWAIT) < 0)
		return pidfd_exit_ask(pidfd);
	if (!info.si_pid)
		return -1;
	return info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
}

void pidfd_collect(int pidfd)
{
	siginfo_t info;

	waitid((idtype_t)P_PIDFD, (id_t)pidfd, &info, WEXITED | WNOHANG);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* spawn: see spawn.h. */
#include "base/spawn.h"

#include <errno.h>

#include "base/refusal.h"
#include "base/sys.h"

/* Without a stack the order of the last arguments, which differs, does not matter. */
static pid_t by_clone(const struct clone_args *args)
{
	if (args->flags & CLONE_INTO_CGROUP) {
		errno = ENOSYS;
		return -1;
	}
	return (pid_t)syscall(SYS_clone, args->flags | args->exit_signal, NULL, args->pidfd, NULL, NULL);
}

pid_t spawn_process(const struct clone_args *args)
{
	pid_t pid = sys_clone3(args);

	if (pid >= 0 || (errno != ENOSYS && errno != EPERM) || !refusal_is(SYS_clone3))
		return pid;
	return by_clone(args);
}

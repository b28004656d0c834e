/* SPDX-License-Identifier: Apache-2.0 */
/* in_child: a check in a child, whose error the test sees. */
#pragma once

#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/procfd.h"
#include "ns/hostname.h"
#include "ns/ns.h"
#include "ns/sysctl.h"
#include "process/bitlist.h"
#include "process/keyring.h"
#include "process/mempolicy.h"
#include "process/rlimit.h"
#include "process/scheduler.h"
#include "process/stdio_give.h"
#include "process/user.h"

/* Shared with the children, so that a test sees what they were told. */
static struct err *e;

static inline int share_error(void **state)
{
	(void)state;
	e = mmap(NULL, sizeof *e, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return e == MAP_FAILED;
}

#define SKIPPED 77

/* Runs `fn` in a child: 0 when it returned true. `unshare_flags` of what it may change; without the
 * right to do that the test is skipped. */
static inline void in_child(bool (*fn)(void), int unshare_flags)
{
	int status;
	pid_t pid;

	err_clear(e);
	pid = fork();
	if (pid == 0) {
		if (unshare_flags && unshare(unshare_flags) < 0)
			_exit(SKIPPED);
		_exit(fn() ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == SKIPPED)
		skip();
	if (status)
		fail_msg("status %x: %s", status, e->text);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* stall: pressure triggers of a member's cgroup (Documentation/accounting/psi.rst): told when its tasks were
 * stalled for longer than the policy allows within its window. */
#pragma once

#include "loop/loop.h"
#include "policy/policy.h"

struct err;

struct stall {
	struct source source;
	struct loop *loop;
	int fd;
	const struct stall_policy *policy;
	void (*stalled)(struct stall *s);
	void *arg; /* the owner's */
};

/* Watches one resource (--stall); `policy` is borrowed. -ENOENT, -EOPNOTSUPP: the kernel or the cgroup has no pressure file for it;
 * -EINVAL: the kernel refuses the window, as it does some without CAP_SYS_RESOURCE. */
int stall_open(struct stall *s, struct loop *l, int cgroup_fd, const struct stall_policy *policy,
	       void (*stalled)(struct stall *s), struct err *e);
/* Fine when it is not open. */
void stall_close(struct stall *s);

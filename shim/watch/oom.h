/* SPDX-License-Identifier: Apache-2.0 */
/* oom: the kernel's OOM kills in a member's cgroup (memory.events, "oom_kill"), told as they happen. */
#pragma once

#include <stdint.h>

#include "loop/loop.h"

struct err;

struct oom {
	struct source source;
	struct loop *loop;
	int fd; /* memory.events */
	uint64_t kills; /* known so far */
	void (*killed)(struct oom *o, uint64_t kills);
};

#define OOM_INIT ((struct oom){ .source = SOURCE_INIT, .fd = -EBADF })

/* `killed` gets the number of all kills when it has risen; cgroup_fd is borrowed. -ENOENT where the cgroup has no memory controller. */
int oom_open(struct oom *o, struct loop *l, int cgroup_fd, void (*killed)(struct oom *o, uint64_t kills),
	     struct err *e);
/* Fine when it is not open. */
void oom_close(struct oom *o);

/* All kills in the cgroup so far, read anew; o->kills stays. 0 when it is not open. */
uint64_t oom_kills(struct oom *o);

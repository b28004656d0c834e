/* SPDX-License-Identifier: Apache-2.0 */
/*
 * customs: takes datagrams that bring descriptors, in a child. The shim may have none of a file whose close(2) asks
 * a file system of the sender's: it would wait for that, and so would each process that it forks.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "loop/loop.h"
#include "loop/worker.h"

#define CUSTOMS_FDS_MAX 64
#define CUSTOMS_TEXT_MAX 4096

struct err;

struct customs_goods {
	char text[CUSTOMS_TEXT_MAX + 1];
	size_t len;
	pid_t pid; /* the sender, in our PID namespace; 0: not known */
	int fds[CUSTOMS_FDS_MAX]; /* the receiver's */
	unsigned n_fds;
	unsigned n_refused;
};

struct customs {
	struct worker worker;
	struct timer timeout;
	int goods_fd;
	void (*take)(struct customs *c, struct customs_goods *goods); /* each that was let in; may stop it */
	void (*ended)(struct customs *c, bool in_time); /* then */
};

#define CUSTOMS_INIT(take_, ended_)                                                                \
	((struct customs){ .worker = WORKER_INIT, .goods_fd = -EBADF, .take = take_, .ended = ended_ })

/* Begins with the next datagrams of `socket_fd`, up to one without descriptors; take(), for each that was let in, and ended()
 * follow from the loop, within a second. The descriptors in its goods are take()'s to close. */
int customs_begin(struct customs *c, struct loop *l, int socket_fd, struct err *e);

/* Gives it up: its child is killed and not waited for. */
void customs_stop(struct customs *c);

/* Whether closing it cannot wait. Asking may: only for a child of the shim's. */
bool customs_may_enter(int fd);

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * worker: a short-lived child of the shim that does what takes its time or takes memory: builds a member,
 * undoes one, runs service hooks. The loop goes on meanwhile; the shim itself never grows by it, and a crash
 * in a hostile config stays in the worker.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "loop/loop.h"

struct err;

struct worker {
	struct source source; /* the child's pidfd */
	struct loop *loop;
	pid_t pid; /* 0: none */
	int pidfd, report_fd;
	void (*done)(struct worker *w, int result, const struct err *why);
};

#define WORKER_INIT ((struct worker){ .source = SOURCE_INIT, .pidfd = -EBADF, .report_fd = -EBADF })

/*
 * Forks; the child keeps 0, 1, 2 and `keep` (NULL-terminated list of pointers to descriptors that are
 * renumbered in place, FD_NONE skipped), closes all else, runs fn(arg) and reports its result and error,
 * which `done` gets in the loop. In the child signals are unblocked.
 */
int worker_start(struct worker *w, struct loop *l, int *const keep[], int (*fn)(void *arg, struct err *e),
		 void *arg, void (*done)(struct worker *w, int result, const struct err *why),
		 struct err *e);

bool worker_is_busy(const struct worker *w);

/* Kills the child and does not wait: it may hang in what a stranger has made. Whoever reaps orphans collects it. */
void worker_abandon(struct worker *w);

/* Kills the child, if there is one, and waits for its end; `done` is not called. */
void worker_stop(struct worker *w);

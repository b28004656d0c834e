/* SPDX-License-Identifier: Apache-2.0 */
/* reclaim: the memory of frozen standbys goes to swap and to files (memory.reclaim), by a worker, as that takes its time. */
#pragma once

#include "loop/worker.h"
#include "machine/machine.h"

struct loop;
struct member;

struct reclaim {
	struct loop *loop;
	struct worker worker;
	struct member *member; /* whose; NULL: nobody's */
	struct member *wanted[MACHINE_MEMBERS_MAX]; /* when the worker has ended, by index */
};

#define RECLAIM_INIT ((struct reclaim){ .worker = WORKER_INIT })

/* It has been frozen. */
void reclaim_begin(struct reclaim *r, struct member *m);

/* It is to run, or is gone. */
void reclaim_stop(struct reclaim *r, const struct member *m);

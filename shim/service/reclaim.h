/* reclaim: the memory of frozen standbys goes to swap and to files (memory.reclaim), by a worker, as that takes its time. */
#pragma once

#include "loop/worker.h"

struct member;
struct service;

struct reclaim {
	struct worker worker;
	struct member *member; /* whose; NULL: nobody's */
	unsigned wanted; /* 1 << index: when the worker has ended */
};

#define RECLAIM_INIT ((struct reclaim){ .worker = WORKER_INIT })

/* It has been frozen. Does nothing when that was not asked for. */
void reclaim_begin(struct service *s, struct member *m);

/* It is to run, or is gone. */
void reclaim_stop(struct service *s, const struct member *m);

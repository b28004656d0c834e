/* SPDX-License-Identifier: Apache-2.0 */
/*
 * poststart: the hooks of that name belong to the service and run once, after the first activation (hart-failover(7)), in a worker, so that a
 * slow hook stops nothing. poststop runs as of any container, when the service is deleted.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "loop/worker.h"

struct loop;
struct service_made;
struct state;

struct poststart {
	struct loop *loop;
	struct worker worker;
	bool has_run;
	/* What the worker is started with. */
	const struct state *state;
	const struct service_made *made;
	pid_t pid;
	/* All have run; or one has failed, which since 1.3 of the runtime-spec is an error. */
	void (*done)(struct poststart *p, int result, const struct err *why);
};

#define POSTSTART_INIT ((struct poststart){ .worker = WORKER_INIT })

/* `pid`: who serves. The state and `made` are borrowed; done() follows, in the loop or at once. Only the first time. */
void poststart_begin(struct poststart *p, const struct state *st, const struct service_made *made, pid_t pid);

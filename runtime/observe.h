/* SPDX-License-Identifier: Apache-2.0 */
/* observe: what is seen of a container from outside: its processes, its statistics, its events. */
#pragma once

#include "container.h"

struct json_out;
struct err;

/* The processes of a container's cgroup and those below, ascending, in the container's arena. */
int container_procs(struct container *c, pid_t **ret, size_t *ret_n, struct err *e);

struct cgroup_stats;

/* What its cgroup has used; lists are in the container's arena. -ENOTSUP: it has none of its own. */
int container_usage(struct container *c, struct cgroup_stats *ret, struct err *e);

/* Writes runc's "data" object of a stats event. */
int container_stats(struct container *c, struct json_out *out, struct err *e);

enum container_event { EVENT_OOM, EVENT_INTERVAL, EVENT_READABLE };

struct container_watching {
	uint64_t interval_ms;
	int also_fd; /* of a service: EVENT_READABLE when it is; FD_NONE: none */
	/* 0 goes on; another value ends the watch, less than 0 with the reason in `e`. */
	int (*fn)(struct container *c, enum container_event event, void *arg, struct err *e);
	void *arg;
};

/*
 * Calls fn for each process that the kernel killed for lack of memory, and every `interval_ms`, until the container
 * stops (0). OOM comes before the end that it caused. A service goes on over takeovers and, with also_fd, over the death
 * of its shim, until its end. Takes no lock.
 */
int container_watch(struct container *c, const struct container_watching *w, struct err *e);

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * service/pause: a service is paused when its cgroup is frozen, whoever did that: all its members stand still. No
 * failure is counted meanwhile: what happens is kept until it goes on, and the machine's timers, the probe and the
 * watchdog are held.
 */
#pragma once

#include <stdbool.h>

#include "base/fd.h"
#include "loop/loop.h"
#include "machine/machine.h"

struct err;
struct member;
struct pause;

struct pause_owner {
	/* p->on has changed: what the service does beside timers stands still, or goes on. */
	void (*changed)(struct pause *p);
	void (*warn)(struct pause *p, const struct err *why);
};

struct pause {
	const struct pause_owner *owner;
	struct loop *loop;
	struct member *members; /* whose timers are held: MACHINE_MEMBERS_MAX; borrowed */
	int freeze_fd; /* cgroup.freeze: what was asked for */
	int events_fd; /* cgroup.events: what is, and when that changes */
	struct source changes;
	struct timer look; /* a freeze that never came to its end does not tell that it is over */
	bool on;
	long long left_ns[MACHINE_MEMBERS_MAX][TIMERS]; /* of a timer that is held; -1: it did not run */
};

#define PAUSE_INIT ((struct pause){ .freeze_fd = FD_NONE, .events_fd = FD_NONE, .changes = SOURCE_INIT })

/* When the service's cgroup is there, at `cgroup` below the cgroup2 mount; p->owner is set. */
int pause_watch(struct pause *p, struct loop *l, struct member *members, const char *cgroup, struct err *e);
/* Fine when it was not watched. */
void pause_close(struct pause *p);

/* Looks: for a decision that must not be taken while it is paused. */
bool pause_is_on(struct pause *p);

/* Thaws it: for a stop, which members have to hear. What goes wrong is a warning. */
void pause_end(struct pause *p);

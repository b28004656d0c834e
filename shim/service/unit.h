/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unit: notices that systemd stops the service's unit (systemctl stop, shutdown), by the end of the process that keeps it:
 * everything in it has got SIGTERM then. Without a unit there is nowhere to build.
 */
#pragma once

#include "loop/loop.h"

struct container;
struct err;

struct unit_watch {
	struct loop *loop;
	struct source keeper; /* the pidfd of the process that keeps the unit */
	void (*stopped)(struct unit_watch *u); /* once */
};

#define UNIT_WATCH_INIT ((struct unit_watch){ .keeper = SOURCE_INIT })

/* u->stopped is set before. Does nothing for a container that is in no unit of its own. */
int unit_watch_begin(struct unit_watch *u, struct loop *l, const struct container *c, struct err *e);

/* Fine when it has not begun. */
void unit_watch_end(struct unit_watch *u);

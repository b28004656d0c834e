/* SPDX-License-Identifier: Apache-2.0 */
/*
 * heat: hot and frozen standbys: their program runs, and gets no client, no fd store and no generation before it is
 * promoted, which is after the fence (hart-failover(7), "HOT STANDBYS"). That a member is one is
 * written down (heat_mark.h).
 */
#pragma once

#include <stdbool.h>

#include "loop/loop.h"
#include "loop/worker.h"
#include "service/member.h"
#include "service/reclaim.h"

struct err;
struct service;
struct standby_probe;

struct heat {
	struct worker told; /* --on-promote */
	struct member *telling; /* whom */
	struct standby_watchdog {
		struct timer timer;
		struct member *member;
	} watchdogs[MACHINE_MEMBERS_MAX];
	/* It has been told that it serves, and what --on-promote asks for is done. */
	void (*promoted)(struct service *s, struct member *m);
	struct reclaim reclaim;
	struct standby_probe *probes[MACHINE_MEMBERS_MAX]; /* NULL: never asked */
	unsigned addresses[MACHINE_MEMBERS_MAX]; /* held ports that the member listens on */
};

#define HEAT_INIT ((struct heat){ .told = WORKER_INIT, .reclaim = RECLAIM_INIT })

/* MACHINE_HEAT, MACHINE_FREEZE, MACHINE_PROMOTE. What fails is told to the machine. */
void heat_start(struct service *s, struct member *m);
void heat_freeze(struct service *s, struct member *m);
void heat_promote(struct service *s, struct member *m);

/* It listens on so many held addresses; one that replaces another in an overlap is ready when it listens on all. */
void heat_listens(struct service *s, struct member *m, unsigned addresses);

/* In an overlap its program runs: it is ready when the one that serves listens nowhere. */
void heat_needs_no_port(struct service *s, struct member *m);

/* Its program runs. */
void heat_released(struct service *s, struct member *m);
/* It has said READY=1. */
void heat_says_ready(struct service *s, struct member *m);

/* The service is paused: no standby is asked, and none has to say anything; then, from the start. Of an adopted one too. */
void heat_stands_still(struct service *s);
void heat_goes_on(struct service *s);

/* It has said WATCHDOG=1. */
void heat_feed(struct service *s, struct member *m);

/* It is gone, or about to be: nothing of this is true of it any more. */
void heat_end(struct service *s, struct member *m);

/* For adopt: it was being promoted, perhaps, and serves now: brings that to its end. */
void heat_adopt_active(struct service *s, struct member *m);

/* Stops probes, watchdogs, the reclaiming of memory and the command of --on-promote; standbys run on. */
void heat_finish(struct service *s);

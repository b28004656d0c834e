/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch: is the member that serves, or is to serve, well? Probe, watchdog, OOM kills and stalls of one member. Tells its
 * owner and decides nothing.
 */
#pragma once

#include <stdbool.h>

#include "loop/loop.h"
#include "machine/machine.h"
#include "policy/policy.h"
#include "watch/oom.h"
#include "watch/probe.h"
#include "watch/stall.h"

struct err;
struct member;
struct watch;

/* Whom it tells, and asks. */
struct watch_owner {
	void (*ill)(struct watch *w, enum machine_cause cause, const char *why);
	/* Its probe succeeded. */
	void (*well)(struct watch *w);
	/* Until it has been ready once only --ready-timeout counts. */
	bool (*is_ready)(const struct watch *w);
	/* Where its probe asks. */
	struct probe_target (*target)(const struct watch *w);
	/* Another member runs that could answer. */
	bool (*has_neighbour)(const struct watch *w);
	/* What cannot be watched is told and done without: a start must not fail for it. */
	void (*warn)(struct watch *w, const struct err *why);
	/* What a member can cause as often as it likes. */
	void (*warn_caused)(struct watch *w, const struct err *why);
};

struct watch {
	const struct watch_owner *owner;
	struct loop *loop;
	const struct policy *policy;
	struct member *member; /* NULL: nobody is watched */
	struct probe probe;
	struct timer watchdog;
	long long watchdog_ns; /* 0: none */
	struct oom oom;
	struct stall stalls[POLICY_STALLS_MAX];
	unsigned n_stalls;
};

/* Nobody is watched; owner, loop and policy are the owner's to set. */
void watch_init(struct watch *w);

/* `m`, and nobody else; its watchdog begins with watch_feed(). */
void watch_begin(struct watch *w, struct member *m);
/* Of nobody any more. */
void watch_end(struct watch *w);

/* It is alive: its watchdog begins anew, if it has one. */
void watch_feed(struct watch *w);
/* It has asked for another time, in microseconds; 0: for none. */
void watch_set_watchdog(struct watch *w, long long usec);

/* It is paused: nobody is asked, and nobody has to say anything. */
void watch_stand_still(struct watch *w);
/* It goes on: the probe begins anew, the watchdog with watch_feed(). */
void watch_go_on(struct watch *w);

/* `m` is watched, and the kernel has killed processes in its cgroup for lack of memory. */
bool watch_saw_oom(struct watch *w, const struct member *m);

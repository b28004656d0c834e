/* SPDX-License-Identifier: Apache-2.0 */
/*
 * callout: --on-event (hart-failover(7), EVENTS): a command of the operator's that is run on the host at each event, with what
 * happened in its environment. One at a time; a takeover that is under way puts the next one off, by a second at most. Each is
 * killed, with all of its process group, after CALLOUT_LIMIT_NS. As many as CALLOUTS_MAX wait; of more the count is kept and told
 * with the next.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "loop/loop.h"

struct err;
struct happening;
struct journal_record;

#define CALLOUTS_MAX 32
#define CALLOUT_LIMIT_NS 10000000000LL
#define CALLOUTS_END_NS 4000000000LL /* less than a forced delete waits for the shim */

struct callouts;

struct callouts_owner {
	/* A command could not be run, or ended badly. */
	void (*failed)(struct callouts *c, const struct err *why);
	/* Somebody is being killed, or started: forking now would cost clients time. */
	bool (*is_busy)(const struct callouts *c);
};

struct callouts {
	const struct callouts_owner *owner;
	struct loop *loop;
	const char *id; /* of the service */
	char *const *command; /* NULL: none is asked for */
	char *queue[CALLOUTS_MAX]; /* environments: NUL behind each variable and behind the last; the first is at `first` */
	unsigned first, n;
	uint64_t left_out; /* found the queue full, since the last that did not */
	long long since_ns; /* the one at the head is to be started; 0: none is */
	struct timer look;
	struct timer limit;
	struct source ended; /* pidfd of the command that runs */
	pid_t pid; /* 0: none */
};

#define CALLOUTS_INIT ((struct callouts){ .ended = SOURCE_INIT })

/* Nothing for a step on the way, or without a command. Copies the record. Never waits, and starts nothing before the loop's next
 * round. */
void callout_queue(struct callouts *c, const struct happening *what, const struct journal_record *r);

/* At the service's end, when nobody is served any more: what is queued is run, for CALLOUTS_END_NS at most. */
void callouts_finish(struct callouts *c);

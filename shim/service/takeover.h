/* SPDX-License-Identifier: Apache-2.0 */
/* takeover: how long it took from a failure to the next program, and between whom: for status and for people. */
#pragma once

#include <stdint.h>
#include <time.h>

#include "loop/loop.h"
#include "machine/machine.h"
#include "service/member.h"
#include "watch/histogram.h"

#define TAKEOVERS_KEPT 16

struct takeover {
	uint64_t generation;
	char from[MEMBER_NAME_MAX], to[MEMBER_NAME_MAX];
	enum machine_cause cause;
	long long us; /* failure seen until the next program runs */
	struct timespec at; /* CLOCK_REALTIME of its end */
};

struct takeovers {
	long long failed_ns; /* when the failure of the takeover under way was seen; 0: none is */
	char from[MEMBER_NAME_MAX]; /* the one that failed */
	struct takeover last[TAKEOVERS_KEPT]; /* the nth is at n % TAKEOVERS_KEPT */
	uint64_t n, told; /* those that have been written down */
	long long serves_since_ns; /* the active member; 0: nobody ever did */
	struct timer lull; /* armed: the processors are left to who takes over */
	/* All of them since this shim began, for metrics. */
	uint64_t failovers[CAUSES], restarts[CAUSES]; /* to another member; in place */
	struct histogram times;
};

/* `m` has failed, or is to be replaced, at `now_ns` (CLOCK_MONOTONIC): the next program to run takes over from it. */
void takeovers_begin(struct takeovers *t, const struct member *m, long long now_ns);

/* There is none under way any more. */
void takeovers_forget(struct takeovers *t);

/* The program of `m` runs: the takeover that this ends, or NULL. It is good until TAKEOVERS_KEPT others have ended. */
const struct takeover *takeovers_end(struct takeovers *t, const struct member *m, enum machine_cause cause,
				     long long now_ns);

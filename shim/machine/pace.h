/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pace: the time between one try and the next, from begin to begin: a try that fails sooner owes the rest of it, and
 * the interval doubles; one that lasts longer owes nothing. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct pace {
	long long began_ms; /* the last try */
	long long interval_ms; /* that is asked for after the next failure; 0: the least */
	long long until_ms; /* before then no other try is due; 0: nothing is owed */
};

struct pace_limits {
	long long min_ms, max_ms;
	long long floor_ms; /* the interval is at least that of others that fail at the same time; 0: there are none */
	uint32_t *random; /* jitter: xorshift state, not 0 */
};

/* A try begins. */
void pace_begin(struct pace *p, long long now_ms);

/* The try has failed: sooner than its interval after it began, the rest of that is owed, and the interval doubles within
 * the limits. */
void pace_fail(struct pace *p, const struct pace_limits *l, long long now_ms);

/* The next try is not due yet. */
bool pace_owes(const struct pace *p, long long now_ms);

/* Nothing is owed any more; the interval stays. */
void pace_pay(struct pace *p);

/* As if nothing had failed. */
void pace_void(struct pace *p);

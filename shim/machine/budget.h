/* SPDX-License-Identifier: Apache-2.0 */
/* budget: at most so many failures within a window, as an Erlang supervisor counts. Pure. */
#pragma once

#include <limits.h>
#include <stdbool.h>

#define BUDGET_NONE UINT_MAX /* as `max`: any number is tolerated */
#define BUDGET_SLOTS 66

struct budget {
	unsigned max; /* failures tolerated within the window */
	long long window_ms;
	/* A ring. Failures within a 64th of the window are one slot, so that any number of them takes no more room. */
	struct budget_slot {
		long long at_ms; /* the first of them */
		unsigned failures;
	} slots[BUDGET_SLOTS];
	unsigned n, next;
};

/* Empty. `max`: failures tolerated within a window of `window_ms`, or BUDGET_NONE. */
void budget_init(struct budget *b, unsigned max, long long window_ms);

/* Counts a failure; false when it is one too many: more than max within the window. */
bool budget_spend(struct budget *b, long long now_ms);

/* Failures within the window that ends at `now_ms`. */
unsigned budget_used(const struct budget *b, long long now_ms);

/* More than are tolerated. */
bool budget_is_over(const struct budget *b, long long now_ms);

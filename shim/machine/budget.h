/* budget: at most so many failures within a window, as an Erlang supervisor counts. Pure. */
#pragma once

#include <stdbool.h>

#define BUDGET_MAX 100 /* the largest --max-failures */

struct budget {
	unsigned max; /* failures that are borne within the window */
	long long window_ms;
	long long at_ms[BUDGET_MAX + 1]; /* of the last failures; a ring */
	unsigned n, next;
};

/* max <= BUDGET_MAX. */
void budget_init(struct budget *b, unsigned max, long long window_ms);

/* Counts a failure; false when it is one too many: more than max within the window. */
bool budget_spend(struct budget *b, long long now_ms);

/* Failures within the window that ends at `now_ms`. */
unsigned budget_used(const struct budget *b, long long now_ms);

/* SPDX-License-Identifier: Apache-2.0 */
/* budget: see budget.h. */
#include "machine/budget.h"

#define WIDTH(b) ((b)->window_ms / 64 + 1)

void budget_init(struct budget *b, unsigned max, long long window_ms)
{
	*b = (struct budget){ .max = max, .window_ms = window_ms };
}

static struct budget_slot *newest(struct budget *b)
{
	return &b->slots[(b->next + BUDGET_SLOTS - 1) % BUDGET_SLOTS];
}

unsigned budget_used(const struct budget *b, long long now_ms)
{
	unsigned used = 0;

	/* Backwards from the newest, until one is out of the window. */
	for (unsigned i = 0; i < b->n; i++) {
		const struct budget_slot *slot = &b->slots[(b->next + BUDGET_SLOTS - 1 - i) % BUDGET_SLOTS];
		if (slot->at_ms <= now_ms - b->window_ms)
			break;
		used += slot->failures;
	}
	return used;
}

bool budget_is_over(const struct budget *b, long long now_ms)
{
	return b->max != BUDGET_NONE && budget_used(b, now_ms) > b->max;
}

bool budget_spend(struct budget *b, long long now_ms)
{
	struct budget_slot *slot = newest(b);

	if (b->n && now_ms - slot->at_ms < WIDTH(b)) {
		slot->failures++;
	} else {
		b->slots[b->next] = (struct budget_slot){ now_ms, 1 };
		b->next = (b->next + 1) % BUDGET_SLOTS;
		if (b->n < BUDGET_SLOTS)
			b->n++;
	}
	return !budget_is_over(b, now_ms);
}

/* budget: see budget.h. */
#include "machine/budget.h"

#define RING (BUDGET_MAX + 1)

void budget_init(struct budget *b, unsigned max, long long window_ms)
{
	*b = (struct budget){ .max = max < BUDGET_MAX ? max : BUDGET_MAX, .window_ms = window_ms };
}

unsigned budget_used(const struct budget *b, long long now_ms)
{
	unsigned used = 0;

	/* Backwards from the newest, until one is out of the window. */
	for (; used < b->n; used++)
		if (b->at_ms[(b->next + RING - 1 - used) % RING] <= now_ms - b->window_ms)
			break;
	return used;
}

bool budget_spend(struct budget *b, long long now_ms)
{
	b->at_ms[b->next] = now_ms;
	b->next = (b->next + 1) % RING;
	if (b->n < RING)
		b->n++;
	return budget_used(b, now_ms) <= b->max;
}

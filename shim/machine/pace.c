/* SPDX-License-Identifier: Apache-2.0 */
/* pace: see pace.h. */
#include "machine/pace.h"

/* 80 to 100 per cent, so that services that failed at the same time do not come back together, and none waits longer
 * than the most. */
static long long jitter(uint32_t *random, long long ms)
{
	*random ^= *random << 13;
	*random ^= *random >> 17;
	*random ^= *random << 5;
	return ms * (80 + *random % 21) / 100;
}

void pace_begin(struct pace *p, long long now_ms)
{
	p->began_ms = now_ms;
	p->until_ms = 0;
}

void pace_fail(struct pace *p, const struct pace_limits *l, long long now_ms)
{
	if (p->interval_ms < l->min_ms)
		p->interval_ms = l->min_ms;
	if (now_ms - p->began_ms >= p->interval_ms)
		return;
	if (p->interval_ms < l->floor_ms)
		p->interval_ms = l->floor_ms;
	p->until_ms = p->began_ms + jitter(l->random, p->interval_ms);
	p->interval_ms *= 2;
	if (p->interval_ms > l->max_ms)
		p->interval_ms = l->max_ms;
}

bool pace_owes(const struct pace *p, long long now_ms)
{
	return p->until_ms > now_ms;
}

void pace_pay(struct pace *p)
{
	p->until_ms = 0;
}

void pace_void(struct pace *p)
{
	p->until_ms = p->interval_ms = 0;
}

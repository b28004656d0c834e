/* SPDX-License-Identifier: Apache-2.0 */
/* figures: see figures.h. */
#include "service/figures.h"

#include "base/clock.h"
#include "json.h"
#include "loop/loop.h"
#include "machine/machine.h"
#include "service/takeover.h"
#include "watch/probe.h"

/* Causes that there were. */
static void put_causes(struct json_out *o, const char *key, const uint64_t *counts)
{
	json_key(o, key);
	json_begin_array(o);
	for (enum machine_cause c = 0; c < CAUSES; c++) {
		if (!counts[c])
			continue;
		json_begin_object(o);
		json_put_string(o, "cause", machine_cause_name(c));
		json_put_u64(o, "n", counts[c]);
		json_end_object(o);
	}
	json_end_array(o);
}

/* Each bucket has those of the smaller ones, too; the last one has all. */
static void put_times(struct json_out *o, const char *key, const struct histogram *h)
{
	uint64_t n = 0;

	json_key(o, key);
	json_begin_object(o);
	json_put_u64(o, "sumUs", h->sum_us);
	json_put_u64(o, "n", h->n);
	json_key(o, "buckets");
	json_begin_array(o);
	for (int i = 0; i < HISTOGRAM_BOUNDS; i++) {
		n += h->buckets[i];
		json_begin_object(o);
		json_put_u64(o, "upToUs", (uint64_t)histogram_bounds_us[i]);
		json_put_u64(o, "n", n);
		json_end_object(o);
	}
	json_end_array(o);
	json_end_object(o);
}

static void put_budget(struct json_out *o, const struct budget *b)
{
	json_key(o, "budget");
	json_begin_object(o);
	if (b->max != BUDGET_NONE)
		json_put_u64(o, "maxFailures", b->max);
	json_put_u64(o, "windowMs", (uint64_t)b->window_ms);
	json_end_object(o);
}

static void put_probe(struct json_out *o, const struct probe *p)
{
	if (!p->policy)
		return;
	json_key(o, "probe");
	json_begin_object(o);
	json_put_u64(o, "succeeded", p->n_ok);
	json_put_u64(o, "failed", p->n_failed);
	json_put_u64(o, "failedInARow", p->failures);
	json_end_object(o);
	put_times(o, "probeTimes", &p->times);
}

void figures_put(struct json_out *o, const struct machine *m, const struct takeovers *t, const struct probe *p)
{
	if (machine_is_steady(m) && t->serves_since_ns)
		json_put_u64(o, "servesForMs", (uint64_t)(loop_now_ns() - t->serves_since_ns) / NS_PER_MS);
	put_budget(o, &m->budget);
	put_probe(o, p);
	put_causes(o, "failovers", t->failovers);
	put_causes(o, "restarts", t->restarts);
	put_times(o, "takeoverTimes", &t->times);
}

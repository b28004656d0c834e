/* SPDX-License-Identifier: Apache-2.0 */
#include "stats.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "service.h"

static const char *const names[OUTCOMES] = { "ok", "refused", "reset", "timeouts", "broken" };

static void push(struct samples *s, int64_t v)
{
	if (s->n == s->cap) {
		s->cap = s->cap ? 2 * s->cap : 1024;
		s->v = realloc(s->v, s->cap * sizeof *s->v);
		if (!s->v)
			die("memory");
	}
	s->v[s->n++] = v;
}

void stats_init(struct stats *s, int64_t now, int64_t duration_ns, int64_t slot_ns)
{
	*s = (struct stats){ .begin_ns = now, .last_ok_ns = now, .slot_ns = slot_ns };
	/* Requests may end up to their timeout after the last one began. */
	s->n_slots = (size_t)(duration_ns / slot_ns) + 64;
	s->slots = calloc(s->n_slots, sizeof *s->slots);
	if (!s->slots)
		die("memory");
}

static int64_t number(const char *body, const char *key)
{
	const char *at = strstr(body, key);

	return at ? atoll(at + strlen(key)) : 0;
}

static void done(struct stats *s, int64_t began_ns, int64_t now, const char *body)
{
	int64_t instance = number(body, "\"start_ns\":"), gap = now - s->last_ok_ns;

	push(&s->latency, now - began_ns);
	if (gap > s->longest_gap_ns)
		s->longest_gap_ns = gap;
	if (instance > s->instance) {
		if (s->instance)
			push(&s->takeover, gap);
		s->instance = instance;
		s->generation = number(body, "\"generation\":");
		if (!s->first_generation)
			s->first_generation = s->generation;
	} else if (instance < s->instance) {
		s->late++;
	}
	s->last_ok_ns = now;
}

void stats_add(struct stats *s, enum outcome o, int64_t began_ns, int64_t now, const char *body)
{
	size_t slot = (size_t)((now - s->begin_ns) / s->slot_ns);

	s->n[o]++;
	if (slot < s->n_slots)
		s->slots[slot].n[o]++;
	if (o == DONE)
		done(s, began_ns, now, body);
}

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void print_samples(const char *name, struct samples *s)
{
	if (!s->n) {
		printf(",\"%s\":null", name);
		return;
	}
	qsort(s->v, s->n, sizeof *s->v, by_value);
	printf(",\"%s\":{\"n\":%zu,\"p50_us\":%.1f,\"p99_us\":%.1f,\"max_us\":%.1f}", name, s->n,
	       (double)s->v[s->n / 2] / 1e3, (double)s->v[s->n * 99 / 100] / 1e3,
	       (double)s->v[s->n - 1] / 1e3);
}

void stats_print(struct stats *s, int64_t now)
{
	s->end_ns = now;
	/* An outage that lasts to the end is one as well. */
	if (now - s->last_ok_ns > s->longest_gap_ns)
		s->longest_gap_ns = now - s->last_ok_ns;
	printf("{\"seconds\":%.3f", (double)(now - s->begin_ns) / 1e9);
	for (int i = 0; i < OUTCOMES; i++)
		printf(",\"%s\":%" PRIu64, names[i], s->n[i]);
	printf(",\"late\":%" PRIu64 ",\"first_generation\":%" PRId64 ",\"generation\":%" PRId64, s->late,
	       s->first_generation, s->generation);
	print_samples("latency", &s->latency);
	print_samples("takeover_gap", &s->takeover);
	printf(",\"longest_gap_us\":%.1f}\n", (double)s->longest_gap_ns / 1e3);
}

void stats_print_slots(const struct stats *s, const char *path)
{
	FILE *f = fopen(path, "we");

	if (!f)
		die(path);
	for (size_t i = 0; i < s->n_slots && s->begin_ns + (int64_t)i * s->slot_ns < s->end_ns; i++) {
		fprintf(f, "%" PRId64, (int64_t)i * s->slot_ns / 1000000);
		for (int o = 0; o < OUTCOMES; o++)
			fprintf(f, " %u", s->slots[i].n[o]);
		fputc('\n', f);
	}
	if (fclose(f) != 0)
		die(path);
}

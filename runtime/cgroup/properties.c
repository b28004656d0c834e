/* SPDX-License-Identifier: Apache-2.0 */
/* properties: see properties.h. A row for each file that systemd knows by a property. */
#include "cgroup/properties.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/quantity.h"
#include "cpulist.h"

#define USEC_PER_SEC 1000000
#define PERCENT_USEC 10000 /* systemd keeps a quota in per cent of a CPU's second */

/* "max", or a number as the kernel reads it: with K, M, G behind it. */
static bool parse_limit(const char *text, uint64_t *ret)
{
	int64_t v = 0;
	bool is_max = !strcmp(text, "max"), is_number = is_max || quantity_bytes(text, &v);

	*ret = is_max ? SYSTEMD_INFINITY : (uint64_t)v;
	return is_number;
}

static void properties_add_u64(struct systemd_properties *out, const char *name, uint64_t v)
{
	systemd_add(out, (struct systemd_property){ name, SYSTEMD_U64, .number = v });
}

static void add_limit(const char *name, const char *text, uint64_t period_us, struct systemd_properties *out)
{
	uint64_t v;

	(void)period_us;
	if (parse_limit(text, &v))
		properties_add_u64(out, name, v);
}

/* "100" or "default 100"; those for a device need its node. */
static void add_weight(const char *name, const char *text, uint64_t period_us, struct systemd_properties *out)
{
	static const char word[] = "default ";

	add_limit(name, !strncmp(text, word, sizeof word - 1) ? text + sizeof word - 1 : text, period_us, out);
}

/* "QUOTA [PERIOD]". Rounded up, so that what is in the file is never more than the unit has. */
static void add_quota(const char *name, const char *text, uint64_t period_us, struct systemd_properties *out)
{
	char *end;
	uint64_t per_sec = SYSTEMD_INFINITY;
	unsigned long long quota = 0, period = period_us;

	if (!strncmp(text, "max", 3))
		end = (char *)text + 3;
	else
		quota = strtoull(text, &end, 10);
	if (*end == ' ')
		period = strtoull(end + 1, &end, 10);
	if (*end || !period || quota > UINT64_MAX / USEC_PER_SEC)
		return;
	if (*text != 'm')
		per_sec = (quota * USEC_PER_SEC / period + PERCENT_USEC - 1) / PERCENT_USEC * PERCENT_USEC;
	properties_add_u64(out, name, per_sec);
	if (period != period_us)
		properties_add_u64(out, "CPUQuotaPeriodUSec", period);
}

/* "0-3,7" as a bit for each. */
static void add_set(const char *name, const char *text, uint64_t period_us, struct systemd_properties *out)
{
	unsigned first, last, highest = 0;
	const char *p = text;

	(void)period_us;
	while (cpulist_next(&p, &first, &last))
		highest = last > highest ? last : highest;
	if (*p || !*text)
		return;
	size_t n = highest / 8 + 1;
	uint8_t *bits = arena_alloc(out->arena, n);
	out->failed |= !bits;
	for (p = text; bits && cpulist_next(&p, &first, &last);)
		for (unsigned i = first; i <= last; i++)
			bits[i / 8] |= (uint8_t)(1U << i % 8);
	systemd_add(out, (struct systemd_property){ name, SYSTEMD_BYTES, .data = bits, .n = n });
}

static const struct {
	const char *file, *name;
	void (*add)(const char *name, const char *text, uint64_t period_us, struct systemd_properties *out);
} rows[] = {
	{ "pids.max", "TasksMax", add_limit },
	{ "memory.max", "MemoryMax", add_limit },
	{ "memory.high", "MemoryHigh", add_limit },
	{ "memory.low", "MemoryLow", add_limit },
	{ "memory.min", "MemoryMin", add_limit },
	{ "memory.swap.max", "MemorySwapMax", add_limit },
	{ "cpu.weight", "CPUWeight", add_limit },
	{ "cpu.max", "CPUQuotaPerSecUSec", add_quota },
	{ "cpuset.cpus", "AllowedCPUs", add_set },
	{ "cpuset.mems", "AllowedMemoryNodes", add_set },
	{ "io.weight", "IOWeight", add_weight },
};

static void add_write(const char *file, const char *text, uint64_t period_us, struct systemd_properties *out)
{
	for (size_t i = 0; file && i < sizeof rows / sizeof *rows; i++)
		if (!strcmp(rows[i].file, file))
			rows[i].add(rows[i].name, text, period_us, out);
}

void cgroup_properties_of_writes(const struct cgroup_writes *w, uint64_t period_us, struct systemd_properties *out)
{
	for (size_t i = 0; i < w->n; i++) {
		add_write(w->v[i].file, w->v[i].value, period_us, out);
		add_write(w->v[i].alt_file, w->v[i].alt_value, period_us, out);
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup/stats_json: statistics as runc's events have them: names, units (CPU time in nanoseconds)
 * and what is left out when it is zero. Members that cgroup2 has no figures for are kept, as zeros:
 * readers of runc's output know them. */
#include "cgroup/stats.h"

#include "json.h"

static void put_if(struct json_out *o, const char *key, uint64_t v)
{
	if (v)
		json_put_u64(o, key, v);
}

static void put_psi_line(struct json_out *o, const char *key, const struct cgroup_psi_line *l)
{
	json_key(o, key);
	json_begin_object(o);
	json_key(o, "avg10");
	json_hundredths(o, l->avg10);
	json_key(o, "avg60");
	json_hundredths(o, l->avg60);
	json_key(o, "avg300");
	json_hundredths(o, l->avg300);
	json_put_u64(o, "total", l->total_us);
	json_end_object(o);
}

static void put_psi(struct json_out *o, const struct cgroup_psi *p)
{
	if (!p->set)
		return;
	json_key(o, "psi");
	json_begin_object(o);
	put_psi_line(o, "some", &p->some);
	put_psi_line(o, "full", &p->full);
	json_end_object(o);
}

static void put_cpu(struct json_out *o, const struct cgroup_stats *s)
{
	json_key(o, "cpu");
	json_begin_object(o);
	json_key(o, "usage");
	json_begin_object(o);
	put_if(o, "total", s->cpu.usage_us * 1000);
	json_put_u64(o, "kernel", s->cpu.system_us * 1000);
	json_put_u64(o, "user", s->cpu.user_us * 1000);
	json_end_object(o);
	json_key(o, "throttling");
	json_begin_object(o);
	put_if(o, "periods", s->cpu.periods);
	put_if(o, "throttledPeriods", s->cpu.throttled);
	put_if(o, "throttledTime", s->cpu.throttled_us * 1000);
	json_end_object(o);
	put_psi(o, &s->cpu.psi);
	json_end_object(o);
}

/* cgroup v1's files; there are none on cgroup2. */
static void put_cpuset(struct json_out *o)
{
	static const char *const keys[] = {
		"cpu_exclusive", "mem_hardwall", "mem_exclusive", "memory_migrate",
		"memory_spread_page", "memory_spread_slab", "memory_pressure",
		"sched_load_balance", "sched_relax_domain_level",
	};

	json_key(o, "cpuset");
	json_begin_object(o);
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		json_put_u64(o, keys[i], 0);
	json_end_object(o);
}

static void put_memory_entry(struct json_out *o, const char *key, uint64_t limit, uint64_t usage,
			     uint64_t peak)
{
	json_key(o, key);
	json_begin_object(o);
	json_put_u64(o, "limit", limit);
	put_if(o, "usage", usage);
	put_if(o, "max", peak);
	json_put_u64(o, "failcnt", 0);
	json_end_object(o);
}

/* "swap" is memory and swap together, as on cgroup v1. */
static uint64_t add_limits(uint64_t a, uint64_t b)
{
	uint64_t sum;

	if (a == CGROUP_NO_LIMIT || b == CGROUP_NO_LIMIT || __builtin_add_overflow(a, b, &sum))
		return CGROUP_NO_LIMIT;
	return sum;
}

static void put_memory(struct json_out *o, const struct cgroup_stats *s)
{
	json_key(o, "memory");
	json_begin_object(o);
	put_if(o, "cache", cgroup_count_of(&s->memory.stat, "file"));
	put_memory_entry(o, "usage", s->memory.limit_bytes, s->memory.usage_bytes,
			 s->memory.peak_bytes);
	put_memory_entry(o, "swap", add_limits(s->memory.limit_bytes, s->memory.swap_limit_bytes),
			 s->memory.usage_bytes + s->memory.swap_usage_bytes, 0);
	put_memory_entry(o, "kernel", 0, 0, 0);
	put_memory_entry(o, "kernelTCP", 0, 0, 0);
	if (s->memory.stat.n) {
		json_key(o, "raw");
		json_begin_object(o);
		for (size_t i = 0; i < s->memory.stat.n; i++)
			json_put_u64(o, s->memory.stat.v[i].key, s->memory.stat.v[i].value);
		json_end_object(o);
	}
	put_psi(o, &s->memory.psi);
	json_end_object(o);
}

static void put_io_entry(struct json_out *o, const struct cgroup_io_stat *d, const char *op,
			 uint64_t v)
{
	json_begin_object(o);
	put_if(o, "major", d->major);
	put_if(o, "minor", d->minor);
	json_put_string(o, "op", op);
	put_if(o, "value", v);
	json_end_object(o);
}

static void put_io(struct json_out *o, const struct cgroup_stats *s)
{
	json_key(o, "blkio");
	json_begin_object(o);
	for (int bytes = 1; s->io.n && bytes >= 0; bytes--) {
		json_key(o, bytes ? "ioServiceBytesRecursive" : "ioServicedRecursive");
		json_begin_array(o);
		for (size_t i = 0; i < s->io.n; i++) {
			const struct cgroup_io_stat *d = &s->io.v[i];
			put_io_entry(o, d, "Read", bytes ? d->read_bytes : d->read_ios);
			put_io_entry(o, d, "Write", bytes ? d->write_bytes : d->write_ios);
		}
		json_end_array(o);
	}
	put_psi(o, &s->io.psi);
	json_end_object(o);
}

static void put_hugetlb(struct json_out *o, const struct cgroup_stats *s)
{
	json_key(o, "hugetlb");
	json_begin_object(o);
	for (size_t i = 0; i < s->hugetlb.n; i++) {
		json_key(o, s->hugetlb.v[i].page_size);
		json_begin_object(o);
		put_if(o, "usage", s->hugetlb.v[i].usage_bytes);
		json_put_u64(o, "failcnt", s->hugetlb.v[i].failures);
		json_end_object(o);
	}
	json_end_object(o);
}

static void put_pids(struct json_out *o, const struct cgroup_stats *s)
{
	json_key(o, "pids");
	json_begin_object(o);
	put_if(o, "current", s->pids.current);
	put_if(o, "limit", s->pids.limit == CGROUP_NO_LIMIT ? 0 : s->pids.limit);
	json_end_object(o);
}

void cgroup_stats_write(struct json_out *o, const struct cgroup_stats *s)
{
	json_begin_object(o);
	put_cpu(o, s);
	put_cpuset(o);
	put_memory(o, s);
	put_pids(o, s);
	put_io(o, s);
	put_hugetlb(o, s);
	json_key(o, "intel_rdt");
	json_begin_object(o);
	json_end_object(o);
	json_put_string(o, "network_interfaces", NULL);
	json_end_object(o);
}

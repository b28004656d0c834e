/* SPDX-License-Identifier: Apache-2.0 */
/* metrics: see metrics.h. */
#include "metrics.h"

#include "base/arena.h"
#include "base/err.h"
#include "cgroup/cgroup.h"
#include "cgroup/stats.h"
#include "container.h"
#include "metrics.pb-c.h"

#define FIELD(type, name) { #name, offsetof(type, name) }

/* memory.stat's names are the message's fields. */
static const struct field {
	const char *key;
	size_t at;
} memory_fields[] = {
#define M(name) FIELD(Metrics__MemoryStat, name)
	M(anon), M(file), M(kernel_stack), M(slab), M(sock), M(shmem), M(file_mapped), M(file_dirty),
	M(file_writeback), M(anon_thp), M(inactive_anon), M(active_anon), M(inactive_file), M(active_file),
	M(unevictable), M(slab_reclaimable), M(slab_unreclaimable), M(pgfault), M(pgmajfault),
	{ "workingset_refault_file", offsetof(Metrics__MemoryStat, workingset_refault) },
	{ "workingset_activate_file", offsetof(Metrics__MemoryStat, workingset_activate) },
	M(workingset_nodereclaim), M(pgrefill), M(pgscan), M(pgsteal), M(pgactivate), M(pgdeactivate),
	M(pglazyfree), M(pglazyfreed), M(thp_fault_alloc), M(thp_collapse_alloc),
}, event_fields[] = {
#define E(name) FIELD(Metrics__MemoryEvents, name)
	E(low), E(high), E(max), E(oom), E(oom_kill),
};

static void metrics_fill(void *to, const struct field *fields, size_t n, const struct cgroup_counts *from)
{
	for (size_t i = 0; i < n; i++)
		*(uint64_t *)((char *)to + fields[i].at) = cgroup_count_of(from, fields[i].key);
}

struct parts {
	Metrics__PidsStat pids;
	Metrics__CPUStat cpu;
	Metrics__MemoryStat memory;
	Metrics__MemoryEvents events;
	Metrics__IOStat io;
};

static void fill_memory(struct parts *p, const struct cgroup_stats *s)
{
	metrics_fill(&p->memory, memory_fields, sizeof memory_fields / sizeof *memory_fields, &s->memory.stat);
	p->memory.usage = s->memory.usage_bytes;
	p->memory.usage_limit = s->memory.limit_bytes;
	p->memory.max_usage = s->memory.peak_bytes;
	p->memory.swap_usage = s->memory.swap_usage_bytes;
	p->memory.swap_limit = s->memory.swap_limit_bytes;
	p->memory.swap_max_usage = s->memory.swap_peak_bytes;
	metrics_fill(&p->events, event_fields, sizeof event_fields / sizeof *event_fields, &s->memory.events);
}

static int fill_io(struct arena *a, Metrics__IOStat *io, const struct cgroup_stats *s)
{
	io->usage = arena_calloc(a, s->io.n, sizeof *io->usage);
	for (size_t i = 0; i < s->io.n && io->usage; i++) {
		const struct cgroup_io_stat *from = &s->io.v[i];
		Metrics__IOEntry *to = arena_alloc(a, sizeof *to);
		if (!to)
			return -ENOMEM;
		metrics__ioentry__init(to);
		to->major = from->major;
		to->minor = from->minor;
		to->rbytes = from->read_bytes;
		to->wbytes = from->write_bytes;
		to->rios = from->read_ios;
		to->wios = from->write_ios;
		io->usage[io->n_usage++] = to;
	}
	return io->usage ? 0 : -ENOMEM;
}

static int fill_hugetlb(struct arena *a, Metrics__Metrics *m, const struct cgroup_stats *s)
{
	m->hugetlb = arena_calloc(a, s->hugetlb.n, sizeof *m->hugetlb);
	for (size_t i = 0; i < s->hugetlb.n && m->hugetlb; i++) {
		Metrics__HugeTlbStat *to = arena_alloc(a, sizeof *to);
		if (!to)
			return -ENOMEM;
		metrics__huge_tlb_stat__init(to);
		to->current = s->hugetlb.v[i].usage_bytes;
		to->pagesize = (char *)s->hugetlb.v[i].page_size;
		m->hugetlb[m->n_hugetlb++] = to;
	}
	return m->hugetlb ? 0 : -ENOMEM;
}

static int metrics_encode(struct arena *a, const struct cgroup_stats *s, uint8_t **ret, size_t *ret_len)
{
	struct parts p = { METRICS__PIDS_STAT__INIT, METRICS__CPUSTAT__INIT, METRICS__MEMORY_STAT__INIT,
			   METRICS__MEMORY_EVENTS__INIT, METRICS__IOSTAT__INIT };
	Metrics__Metrics m = METRICS__METRICS__INIT;

	p.pids.current = s->pids.current;
	p.pids.limit = s->pids.limit == CGROUP_NO_LIMIT ? 0 : s->pids.limit;
	p.cpu.usage_usec = s->cpu.usage_us;
	p.cpu.user_usec = s->cpu.user_us;
	p.cpu.system_usec = s->cpu.system_us;
	p.cpu.nr_periods = s->cpu.periods;
	p.cpu.nr_throttled = s->cpu.throttled;
	p.cpu.throttled_usec = s->cpu.throttled_us;
	fill_memory(&p, s);
	m.pids = &p.pids;
	m.cpu = &p.cpu;
	m.memory = &p.memory;
	m.memory_events = &p.events;
	m.io = &p.io;
	if (fill_io(a, &p.io, s) < 0 || fill_hugetlb(a, &m, s) < 0)
		return -ENOMEM;
	*ret_len = metrics__metrics__get_packed_size(&m);
	*ret = arena_alloc(a, *ret_len + 1);
	if (*ret)
		metrics__metrics__pack(&m, *ret);
	return *ret ? 0 : -ENOMEM;
}

int metrics_read(struct container *c, uint8_t **ret, size_t *ret_len, struct err *e)
{
	struct cgroup cg = CGROUP_INIT;
	struct cgroup_stats stats;
	int r;

	if (!c->state->cgroup)
		return err_msg(e, ENOTSUP, "container \"%s\" has no cgroup of its own", c->state->id);
	r = cgroup_open(&cg, c->state->cgroup, e);
	if (r >= 0)
		r = cgroup_stats_read(&cg, &c->arena, &stats, e);
	cgroup_close(&cg);
	if (r >= 0 && metrics_encode(&c->arena, &stats, ret, ret_len) < 0)
		r = err_set(e, ENOMEM, "encode the statistics");
	return r;
}

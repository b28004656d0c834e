/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup/limits: see cgroup/limits.h. One function a member of linux.resources, in a table with the
 * controller that it needs. config-linux.md, "Control groups". */
#include "cgroup/limits.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"

#define SHARES_MAX 262144
#define WEIGHT_MAX 10000

static const char *const controller_names[] = {
	"cpu", "cpuset", "io", "memory", "hugetlb", "pids", "rdma", "misc", "dmem",
};

#define N_CONTROLLERS (sizeof controller_names / sizeof *controller_names)

static unsigned controller_of(const char *name, size_t len)
{
	for (size_t i = 0; i < N_CONTROLLERS; i++)
		if (strlen(controller_names[i]) == len && !memcmp(controller_names[i], name, len))
			return 1U << i;
	return 0;
}

unsigned cgroup_controllers_parse(const char *text)
{
	unsigned set = 0;

	for (size_t n; *text; text += n + (text[n] != '\0')) {
		n = strcspn(text, " \n");
		set |= controller_of(text, n);
	}
	return set;
}

void cgroup_controllers_format(unsigned set, char prefix, char *buf, size_t size)
{
	size_t len = 0;

	*buf = '\0';
	for (size_t i = 0; i < N_CONTROLLERS; i++) {
		if (!(set & 1U << i) || len >= size)
			continue;
		const char *comma = !len ? "" : prefix ? " " : ", ";
		int n = snprintf(buf + len, size - len, "%s%.1s%s", comma, prefix ? &prefix : "",
				 controller_names[i]);
		len += (size_t)n;
	}
}

uint64_t cgroup_weight_of_shares(uint64_t shares)
{
	if (shares == 0)
		return 0;
	if (shares <= 2)
		return 1;
	if (shares >= SHARES_MAX)
		return WEIGHT_MAX;
	double l = log2((double)shares);
	return (uint64_t)ceil(pow(10, (l * l + 125 * l) / 612.0 - 7.0 / 34.0));
}

uint64_t cgroup_io_weight(uint64_t weight)
{
	return weight < 10 ? 1 : 1 + (weight - 10) * 9999 / 990;
}

/* What the conversions share. */
struct conversion {
	const struct oci_resources *r;
	const struct cgroup_current *now;
	struct cgroup_writes *out;
	struct err *e;
	struct cgroup_write scrap; /* stands for a write that there was no memory for */
	bool failed;
};

/* arena_printf, or NULL as `value`, is what callers pass: out of memory is looked for once, at the
 * end. Gives the write for further marks. */
static struct cgroup_write *limits_add(struct conversion *c, const char *file, const char *value)
{
	struct cgroup_writes *out = c->out;
	struct cgroup_write *v = arena_grow(out->arena, out->v, out->n, sizeof *v);

	if (!v || !file || !value) {
		c->failed = true;
		return &c->scrap;
	}
	out->v = v;
	v[out->n] = (struct cgroup_write){ .file = file, .value = value };
	return &v[out->n++];
}

#define TEXT(c, ...) arena_printf((c)->out->arena, __VA_ARGS__)

static const char *or_max(struct conversion *c, int64_t v)
{
	return v < 0 ? "max" : TEXT(c, "%" PRId64, v);
}

/* pids */

static bool pids_asked(const struct oci_resources *r)
{
	return r->pids_limit.set && r->pids_limit.v >= 0;
}

static int convert_pids(struct conversion *c)
{
	if (!c->r->pids_limit.set)
		return 0;
	/* With 0 not even init could be born into the cgroup: 1 is what comes nearest. */
	int64_t v = c->r->pids_limit.v ? c->r->pids_limit.v : 1;
	limits_add(c, "pids.max", or_max(c, v))->may_miss = v < 0;
	return 0;
}

/* memory */

static bool memory_asked(const struct oci_resources *r)
{
	const struct oci_memory *m = r->memory;

	return m && (m->limit.v > 0 || m->swap.v > 0 || m->reservation.v > 0);
}

/* The spec's swap is memory and swap together, and 0 is unset; cgroup2 counts swap alone. */
static int convert_swap(struct conversion *c, int64_t limit, int64_t swap)
{
	if (limit == -1 && swap == 0)
		swap = -1; /* no limit is none on either */
	if (swap == 0)
		return 0;
	if (swap > 0 && limit == 0)
		return err_msg(c->e, EINVAL, "unable to set swap limit without memory limit");
	if (swap > 0 && limit > 0 && swap < limit)
		return err_msg(c->e, EINVAL, "memory+swap limit should be >= memory limit");
	int64_t alone = swap > 0 && limit > 0 ? swap - limit : swap;
	limits_add(c, "memory.swap.max", or_max(c, alone))->may_miss = alone <= 0;
	return 0;
}

static int convert_memory(struct conversion *c)
{
	const struct oci_memory *m = c->r->memory;

	if (!m)
		return 0;
	int64_t limit = m->limit.v, swap = m->swap.v, of_swap = limit;
	if (limit < -1 || swap < -1 || m->reservation.v < -1)
		return err_msg(c->e, EINVAL, "a memory limit below -1");
	/* An update of one of the two leaves the other as it was, in the spec's sense. */
	if (swap > 0 && limit == 0 && c->now->memory_max.set)
		of_swap = c->now->memory_max.v;
	if (limit > 0 && swap == 0 && c->now->swap_max.v >= 0 && c->now->swap_max.set &&
	    c->now->memory_max.v >= 0)
		swap = c->now->memory_max.v + c->now->swap_max.v;
	int r = convert_swap(c, of_swap, swap);
	if (r < 0)
		return r;
	if (limit)
		limits_add(c, "memory.max", or_max(c, limit))->may_miss = limit < 0;
	if (m->reservation.v)
		limits_add(c, "memory.low", or_max(c, m->reservation.v));
	return 0;
}

/* block io */

static bool io_asked(const struct oci_resources *r)
{
	const struct oci_block_io *b = r->block_io;

	return b && (b->weight.v || b->weight_device.n || b->read_bps.n || b->write_bps.n ||
		     b->read_iops.n || b->write_iops.n);
}

static void add_throttles(struct conversion *c, const oci_throttles *list, const char *key)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct oci_throttle_device *d = &list->v[i];
		/* A rate of 0 takes a limit away, as it did on cgroup v1. */
		const char *rate = d->rate ? TEXT(c, "%" PRIu64, d->rate) : "max";
		limits_add(c, "io.max", TEXT(c, "%" PRId64 ":%" PRId64 " %s=%s", d->major, d->minor, key,
					     rate ? rate : ""));
	}
}

static int convert_io(struct conversion *c)
{
	const struct oci_block_io *b = c->r->block_io;

	if (!b)
		return 0;
	if (b->weight.v) {
		struct cgroup_write *w = limits_add(c, "io.bfq.weight", TEXT(c, "%u", b->weight.v));
		w->alt_file = "io.weight";
		w->alt_value = TEXT(c, "%" PRIu64, cgroup_io_weight(b->weight.v));
	}
	for (size_t i = 0; i < b->weight_device.n; i++) {
		const struct oci_weight_device *d = &b->weight_device.v[i];
		if (!d->weight.v)
			continue;
		struct cgroup_write *w =
			limits_add(c, "io.bfq.weight", TEXT(c, "%" PRId64 ":%" PRId64 " %u", d->major,
							    d->minor, d->weight.v));
		w->alt_file = "io.weight";
		w->alt_value = TEXT(c, "%" PRId64 ":%" PRId64 " %" PRIu64, d->major, d->minor,
				    cgroup_io_weight(d->weight.v));
	}
	add_throttles(c, &b->read_bps, "rbps");
	add_throttles(c, &b->write_bps, "wbps");
	add_throttles(c, &b->read_iops, "riops");
	add_throttles(c, &b->write_iops, "wiops");
	return 0;
}

/* cpu */

static bool cpu_asked(const struct oci_resources *r)
{
	const struct oci_cpu *u = r->cpu;

	return u && (u->shares.v || u->quota_us.v > 0 || u->period_us.v || u->burst_us.v ||
		     u->idle.v);
}

static int convert_cpu_max(struct conversion *c, const struct oci_cpu *u)
{
	int64_t quota = u->quota_us.v;

	if (!quota && !u->period_us.v)
		return 0;
	if (!quota)
		quota = c->now->quota_us.set ? c->now->quota_us.v : -1;
	/* Without a period the kernel keeps the one that is there. */
	const char *max = or_max(c, quota);
	if (u->period_us.v && max)
		max = TEXT(c, "%s %" PRIu64, max, u->period_us.v);
	limits_add(c, "cpu.max", max)->may_miss = !u->period_us.v && quota < 0;
	return 0;
}

static int convert_cpu(struct conversion *c)
{
	const struct oci_cpu *u = c->r->cpu;

	if (!u)
		return 0;
	if (u->idle.set)
		limits_add(c, "cpu.idle", TEXT(c, "%" PRId64, u->idle.v))->may_miss = u->idle.v == 0;
	/* An idle cgroup's weight cannot be set. */
	if (u->shares.v && u->idle.v != 1)
		limits_add(c, "cpu.weight", TEXT(c, "%" PRIu64, cgroup_weight_of_shares(u->shares.v)));
	if (u->burst_us.set) {
		struct cgroup_write *w =
			limits_add(c, "cpu.max.burst", TEXT(c, "%" PRIu64, u->burst_us.v));
		/* It may be above the quota of before, or the quota of after below it. */
		w->again = u->quota_us.v != 0 || u->period_us.v != 0;
		w->may_miss = u->burst_us.v == 0;
	}
	return convert_cpu_max(c, u);
}

static bool cpuset_asked(const struct oci_resources *r)
{
	return r->cpu && ((r->cpu->cpus && *r->cpu->cpus) || (r->cpu->mems && *r->cpu->mems));
}

static int convert_cpuset(struct conversion *c)
{
	const struct oci_cpu *u = c->r->cpu;

	if (u && u->cpus && *u->cpus)
		limits_add(c, "cpuset.cpus", u->cpus);
	if (u && u->mems && *u->mems)
		limits_add(c, "cpuset.mems", u->mems);
	return 0;
}

/* hugetlb, rdma */

static bool hugetlb_asked(const struct oci_resources *r)
{
	return r->hugepage_limits.n > 0;
}

/* As the kernel's files are called; NULL without memory. */
static const char *in_capitals(struct conversion *c, const char *size)
{
	char *text = arena_strdup(c->out->arena, size);

	for (char *p = text; p && *p; p++)
		*p = (char)toupper((unsigned char)*p);
	return text;
}

static int convert_hugetlb(struct conversion *c)
{
	for (size_t i = 0; i < c->r->hugepage_limits.n; i++) {
		const struct oci_hugepage_limit *h = &c->r->hugepage_limits.v[i];
		const char *size = in_capitals(c, h->page_size);
		if (size && (!*size || size[strspn(size, "0123456789KMGB")]))
			return err_msg(c->e, EINVAL, "hugepageLimits: page size \"%s\"",
				       h->page_size);
		const char *value = TEXT(c, "%" PRIu64, h->limit_bytes);
		limits_add(c, TEXT(c, "hugetlb.%s.max", size ? size : ""), size ? value : NULL);
		limits_add(c, TEXT(c, "hugetlb.%s.rsvd.max", size ? size : ""), size ? value : NULL)->may_miss = true;
	}
	return 0;
}

static bool rdma_asked(const struct oci_resources *r)
{
	return r->rdma.n > 0;
}

static int convert_rdma(struct conversion *c)
{
	for (size_t i = 0; i < c->r->rdma.n; i++) {
		const struct oci_rdma *d = &c->r->rdma.v[i];
		const char *handles = "", *objects = "";
		if (d->hca_handles.set)
			handles = TEXT(c, " hca_handle=%u", d->hca_handles.v);
		if (d->hca_objects.set)
			objects = TEXT(c, " hca_object=%u", d->hca_objects.v);
		if (!handles || !objects)
			c->failed = true;
		else if (*handles || *objects)
			limits_add(c, "rdma.max", TEXT(c, "%s%s%s", d->device, handles, objects));
	}
	return 0;
}

/* unified */

static unsigned unified_controllers(const oci_map *m)
{
	unsigned set = 0;

	for (size_t i = 0; i < m->n; i++) {
		size_t len = strcspn(m->v[i].key, ".");
		unsigned bit = controller_of(m->v[i].key, len);
		if (!bit && strncmp(m->v[i].key, "cgroup.", 7))
			bit = CGROUP_OTHER;
		set |= bit;
	}
	return set;
}

/* Of the files that every cgroup has only these are limits; others move processes, kill or freeze them. */
static bool is_resource(const char *key)
{
	return strncmp(key, "cgroup.", strlen("cgroup.")) || !strcmp(key, "cgroup.max.depth") ||
	       !strcmp(key, "cgroup.max.descendants");
}

/* Verbatim, a write a line: that is how the kernel's files take several settings. */
static int convert_unified(struct conversion *c)
{
	const oci_map *m = &c->r->unified;

	for (size_t i = 0; i < m->n; i++) {
		const char *key = m->v[i].key, *line = m->v[i].value;
		if (strchr(key, '/'))
			return err_msg(c->e, EINVAL, "unified resource \"%s\" must be a file name "
				       "(no slashes)", key);
		if (!strchr(key, '.') || *key == '.')
			return err_msg(c->e, EINVAL, "unified resource \"%s\" must be in the form "
				       "CONTROLLER.PARAMETER", key);
		if (!is_resource(key))
			return err_msg(c->e, EINVAL, "unified resource \"%s\" is no resource: of the files "
				       "cgroup.* only cgroup.max.depth and cgroup.max.descendants can be set", key);
		for (size_t n; *line; line += n + (line[n] != '\0')) {
			n = strcspn(line, "\n");
			if (n)
				limits_add(c, key, arena_strndup(c->out->arena, line, n));
		}
	}
	return 0;
}

static const struct {
	unsigned controller;
	bool (*asked)(const struct oci_resources *r);
	int (*convert)(struct conversion *c);
} rows[] = {
	{ CGROUP_PIDS, pids_asked, convert_pids },
	{ CGROUP_MEMORY, memory_asked, convert_memory },
	{ CGROUP_IO, io_asked, convert_io },
	{ CGROUP_CPU, cpu_asked, convert_cpu },
	{ CGROUP_CPUSET, cpuset_asked, convert_cpuset },
	{ CGROUP_HUGETLB, hugetlb_asked, convert_hugetlb },
	{ CGROUP_RDMA, rdma_asked, convert_rdma },
};

unsigned cgroup_controllers_asked(const struct oci_resources *r)
{
	unsigned set = r ? unified_controllers(&r->unified) : 0;

	for (size_t i = 0; r && i < sizeof rows / sizeof *rows; i++)
		if (rows[i].asked(r))
			set |= rows[i].controller;
	return set;
}

int cgroup_limits_convert(const struct oci_resources *r, const struct cgroup_current *now,
			  struct cgroup_writes *out, struct err *e)
{
	static const struct cgroup_current nothing = { 0 };
	struct conversion c = { .r = r, .now = now ? now : &nothing, .out = out, .e = e };

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		int ret = rows[i].convert(&c);
		if (ret < 0)
			return ret;
	}
	/* Last, as it is the most explicit: it overrides what the others set. */
	int ret = convert_unified(&c);
	if (ret < 0)
		return ret;
	return c.failed ? err_set(e, ENOMEM, "convert linux.resources") : 0;
}

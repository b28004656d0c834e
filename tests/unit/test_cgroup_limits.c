/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup_limits: what linux.resources is written as. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "cgroup/limits.h"

#define SET(x) { true, x }

/* All writes as "file=value\n"; '?' after the file: may miss, '+': tried again, "file|alt". */
static void assert_writes(const struct oci_resources *r, const struct cgroup_current *now,
			  const char *want)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	_cleanup_buf_ struct buf got = BUF_INIT;
	struct cgroup_writes w = { .arena = &a };
	struct err e = ERR_INIT;

	assert_int_equal(cgroup_limits_convert(r, now, &w, &e), 0);
	buf_puts(&got, "");
	for (size_t i = 0; i < w.n; i++) {
		const struct cgroup_write *v = &w.v[i];
		buf_printf(&got, "%s%s%s=%s", v->file, v->may_miss ? "?" : "", v->again ? "+" : "",
			   v->value);
		if (v->alt_file)
			buf_printf(&got, "|%s=%s", v->alt_file, v->alt_value);
		buf_puts(&got, "\n");
	}
	assert_string_equal(got.data, want);
}

static void assert_refused(const struct oci_resources *r, const char *text)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct cgroup_writes w = { .arena = &a };
	struct err e = ERR_INIT;

	assert_int_equal(cgroup_limits_convert(r, NULL, &w, &e), -EINVAL);
	assert_string_equal(e.text, text);
}

static void nothing_asked_nothing_written(void **state)
{
	struct oci_memory m = { 0 };
	struct oci_cpu u = { .cpus = "", .quota_us = SET(0), .period_us = SET(0), .shares = SET(0) };
	struct oci_block_io b = { 0 };
	struct oci_resources r = { .memory = &m, .cpu = &u, .block_io = &b };

	(void)state;
	assert_writes(&r, NULL, "");
	assert_int_equal(cgroup_controllers_asked(&r), 0);
	assert_int_equal(cgroup_controllers_asked(NULL), 0);
}

static void shares_become_weight(void **state)
{
	/* Values of runc's and crun's own function. */
	static const uint64_t pairs[][2] = {
		{ 0, 0 },      { 1, 1 },       { 2, 1 },	 { 3, 2 },
		{ 10, 4 },     { 100, 17 },    { 512, 59 },	 { 1000, 99 },
		{ 1024, 100 }, { 2048, 174 },  { 4096, 303 },	 { 65536, 3023 },
		{ 262143, 10000 }, { 262144, 10000 }, { UINT64_MAX, 10000 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
		assert_int_equal(cgroup_weight_of_shares(pairs[i][0]), pairs[i][1]);
	assert_int_equal(cgroup_io_weight(10), 1);
	assert_int_equal(cgroup_io_weight(500), 4950);
	assert_int_equal(cgroup_io_weight(1000), 10000);
}

static void cpu(void **state)
{
	struct oci_cpu u = { .shares = SET(1024), .quota_us = SET(50000), .period_us = SET(100000),
			     .burst_us = SET(1000), .cpus = "0-1", .mems = "0" };
	struct oci_resources r = { .cpu = &u };

	(void)state;
	assert_writes(&r, NULL, "cpu.weight=100\ncpu.max.burst+=1000\ncpu.max=50000 100000\n"
				"cpuset.cpus=0-1\ncpuset.mems=0\n");
	assert_int_equal(cgroup_controllers_asked(&r), CGROUP_CPU | CGROUP_CPUSET);
	u = (struct oci_cpu){ .quota_us = SET(20000) };
	assert_writes(&r, NULL, "cpu.max=20000\n");
	u = (struct oci_cpu){ .quota_us = SET(-1) };
	assert_writes(&r, NULL, "cpu.max?=max\n");
	assert_int_equal(cgroup_controllers_asked(&r), 0);
	u = (struct oci_cpu){ .period_us = SET(50000) };
	assert_writes(&r, NULL, "cpu.max=max 50000\n");
	struct cgroup_current now = { .quota_us = SET(7000) };
	assert_writes(&r, &now, "cpu.max=7000 50000\n");
	u = (struct oci_cpu){ .idle = SET(1), .shares = SET(2048) };
	assert_writes(&r, NULL, "cpu.idle=1\n");
	u = (struct oci_cpu){ .idle = SET(0), .shares = SET(2048) };
	assert_writes(&r, NULL, "cpu.idle?=0\ncpu.weight=174\n");
	u = (struct oci_cpu){ .realtime_runtime_us = SET(1), .realtime_period_us = SET(2) };
	assert_writes(&r, NULL, "");
}

static void memory(void **state)
{
	struct oci_memory m = { .limit = SET(1000), .swap = SET(3000), .reservation = SET(500) };
	struct oci_resources r = { .memory = &m };

	(void)state;
	assert_writes(&r, NULL, "memory.swap.max=2000\nmemory.max=1000\nmemory.low=500\n");
	assert_int_equal(cgroup_controllers_asked(&r), CGROUP_MEMORY);
	m = (struct oci_memory){ .limit = SET(1000), .swap = SET(1000) };
	assert_writes(&r, NULL, "memory.swap.max?=0\nmemory.max=1000\n");
	m = (struct oci_memory){ .limit = SET(1000), .swap = SET(-1) };
	assert_writes(&r, NULL, "memory.swap.max?=max\nmemory.max=1000\n");
	m = (struct oci_memory){ .limit = SET(-1) };
	assert_writes(&r, NULL, "memory.swap.max?=max\nmemory.max?=max\n");
	assert_int_equal(cgroup_controllers_asked(&r), 0);
	m = (struct oci_memory){ .limit = SET(-1), .swap = SET(5000) };
	assert_writes(&r, NULL, "memory.swap.max=5000\nmemory.max?=max\n");
	m = (struct oci_memory){ .limit = SET(1000) };
	assert_writes(&r, NULL, "memory.max=1000\n");
	/* Ignored on cgroup2. */
	m = (struct oci_memory){ .kernel = SET(1), .kernel_tcp = SET(1), .swappiness = SET(1),
				 .disable_oom_killer = SET(true) };
	assert_writes(&r, NULL, "");
	m = (struct oci_memory){ .swap = SET(1000) };
	assert_refused(&r, "unable to set swap limit without memory limit");
	m = (struct oci_memory){ .limit = SET(1000), .swap = SET(999) };
	assert_refused(&r, "memory+swap limit should be >= memory limit");
	m = (struct oci_memory){ .limit = SET(-2) };
	assert_refused(&r, "a memory limit below -1");
}

static void memory_updates_keep_the_other(void **state)
{
	struct cgroup_current now = { .memory_max = SET(1000), .swap_max = SET(2000) };
	struct oci_memory m = { .limit = SET(1500) };
	struct oci_resources r = { .memory = &m };

	(void)state;
	assert_writes(&r, &now, "memory.swap.max=1500\nmemory.max=1500\n");
	m = (struct oci_memory){ .swap = SET(1700) };
	assert_writes(&r, &now, "memory.swap.max=700\n");
	now.swap_max.v = -1;
	m = (struct oci_memory){ .limit = SET(1500) };
	assert_writes(&r, &now, "memory.max=1500\n");
	now.memory_max.v = -1;
	m = (struct oci_memory){ .swap = SET(1700) };
	assert_writes(&r, &now, "memory.swap.max=1700\n");
}

static void pids(void **state)
{
	struct oci_resources r = { .pids_limit = SET(64) };

	(void)state;
	assert_writes(&r, NULL, "pids.max=64\n");
	assert_int_equal(cgroup_controllers_asked(&r), CGROUP_PIDS);
	r.pids_limit.v = 0;
	assert_writes(&r, NULL, "pids.max=1\n");
	r.pids_limit.v = -1;
	assert_writes(&r, NULL, "pids.max?=max\n");
	assert_int_equal(cgroup_controllers_asked(&r), 0);
}

static void block_io(void **state)
{
	struct oci_weight_device w[] = { { .major = 8, .minor = 0, .weight = SET(500) } };
	struct oci_throttle_device t[] = { { 8, 0, 1048576 }, { 8, 16, 0 } };
	struct oci_block_io b = {
		.weight = SET(500), .leaf_weight = SET(300), .weight_device = { w, 1 },
		.read_bps = { t, 2 }, .write_bps = { t, 1 }, .read_iops = { t, 1 },
		.write_iops = { t, 1 },
	};
	struct oci_resources r = { .block_io = &b };

	(void)state;
	assert_writes(&r, NULL,
		      "io.bfq.weight=500|io.weight=4950\nio.bfq.weight=8:0 500|io.weight=8:0 4950\n"
		      "io.max=8:0 rbps=1048576\nio.max=8:16 rbps=max\nio.max=8:0 wbps=1048576\n"
		      "io.max=8:0 riops=1048576\nio.max=8:0 wiops=1048576\n");
	assert_int_equal(cgroup_controllers_asked(&r), CGROUP_IO);
}

static void hugetlb_and_rdma(void **state)
{
	struct oci_hugepage_limit h[] = { { "2MB", 4194304 }, { "1GB", UINT64_MAX } };
	struct oci_rdma d[] = { { "mlx5_0", SET(2), SET(2000) }, { "rxe0", { 0 }, SET(5) },
				{ "none", { 0 }, { 0 } } };
	struct oci_resources r = { .hugepage_limits = { h, 2 }, .rdma = { d, 3 } };

	(void)state;
	assert_writes(&r, NULL,
		      "hugetlb.2MB.max=4194304\nhugetlb.2MB.rsvd.max?=4194304\n"
		      "hugetlb.1GB.max=18446744073709551615\n"
		      "hugetlb.1GB.rsvd.max?=18446744073709551615\n"
		      "rdma.max=mlx5_0 hca_handle=2 hca_object=2000\nrdma.max=rxe0 hca_object=5\n");
	assert_int_equal(cgroup_controllers_asked(&r), CGROUP_HUGETLB | CGROUP_RDMA);
	h[1].page_size = "../x";
	assert_refused(&r, "hugepageLimits: page size \"../x\"");
}

static void unified(void **state)
{
	struct oci_pair p[] = { { "memory.high", "1000" }, { "cgroup.max.depth", "3" },
				{ "io.max", "8:0 rbps=1\n8:16 wbps=2\n" }, { "pids.max", "" } };
	struct oci_memory m = { .limit = SET(500) };
	struct oci_resources r = { .memory = &m, .unified = { p, 4 } };

	(void)state;
	/* After the rest: it overrides them. */
	assert_writes(&r, NULL,
		      "memory.max=500\nmemory.high=1000\ncgroup.max.depth=3\nio.max=8:0 rbps=1\n"
		      "io.max=8:16 wbps=2\n");
	assert_int_equal(cgroup_controllers_asked(&r), CGROUP_MEMORY | CGROUP_IO | CGROUP_PIDS);
	p[0].key = "strange.max";
	assert_true(cgroup_controllers_asked(&r) & CGROUP_OTHER);
	p[0].key = "../memory.high";
	assert_refused(&r, "unified resource \"../memory.high\" must be a file name (no slashes)");
	p[0].key = "memory";
	assert_refused(&r, "unified resource \"memory\" must be in the form CONTROLLER.PARAMETER");
	p[0].key = "..";
	assert_refused(&r, "unified resource \"..\" must be in the form CONTROLLER.PARAMETER");
	p[0].key = "cgroup.procs";
	assert_refused(&r, "unified resource \"cgroup.procs\" is no resource: of the files cgroup.* only "
			   "cgroup.max.depth and cgroup.max.descendants can be set");
}

static void controller_sets(void **state)
{
	char text[128];

	(void)state;
	unsigned set = cgroup_controllers_parse("cpuset cpu io memory strange\n");
	assert_int_equal(set, CGROUP_CPUSET | CGROUP_CPU | CGROUP_IO | CGROUP_MEMORY);
	assert_int_equal(cgroup_controllers_parse("\n"), 0);
	cgroup_controllers_format(set, '+', text, sizeof text);
	assert_string_equal(text, "+cpu +cpuset +io +memory");
	cgroup_controllers_format(CGROUP_PIDS | CGROUP_RDMA, 0, text, sizeof text);
	assert_string_equal(text, "pids, rdma");
	cgroup_controllers_format(~0U, '+', text, sizeof text);
	assert_int_equal(cgroup_controllers_parse("dmem"), CGROUP_DMEM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_asked_nothing_written),
		cmocka_unit_test(shares_become_weight),
		cmocka_unit_test(cpu),
		cmocka_unit_test(memory),
		cmocka_unit_test(memory_updates_keep_the_other),
		cmocka_unit_test(pids),
		cmocka_unit_test(block_io),
		cmocka_unit_test(hugetlb_and_rdma),
		cmocka_unit_test(unified),
		cmocka_unit_test(controller_sets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

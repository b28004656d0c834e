/* SPDX-License-Identifier: Apache-2.0 */
/* properties: linux.resources as systemd's properties. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "cgroup/properties.h"

#define SET(x) { true, x }

/* A line each: "Name=value", bytes in hex, pairs as "device access, …". */
static void assert_properties(const struct systemd_properties *p, const char *want)
{
	_cleanup_buf_ struct buf got = BUF_INIT;

	buf_puts(&got, "");
	for (size_t i = 0; i < p->n; i++) {
		const struct systemd_property *v = &p->v[i];
		buf_printf(&got, "%s=", v->name);
		if (v->type == SYSTEMD_U64 && v->number == SYSTEMD_INFINITY)
			buf_puts(&got, "infinity");
		else if (v->type == SYSTEMD_U64)
			buf_printf(&got, "%llu", (unsigned long long)v->number);
		else if (v->type == SYSTEMD_STRING)
			buf_puts(&got, v->data);
		for (size_t k = 0; v->type == SYSTEMD_BYTES && k < v->n; k++)
			buf_printf(&got, "%02x", ((const uint8_t *)v->data)[k]);
		buf_puts(&got, "\n");
	}
	assert_string_equal(got.data, want);
}

static void assert_limits(const struct oci_resources *r, uint64_t period_us, const char *want)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct cgroup_writes w = { .arena = &a };
	struct systemd_properties p = { .arena = &a };
	struct err e = ERR_INIT;

	assert_int_equal(cgroup_limits_convert(r, NULL, &w, &e), 0);
	cgroup_properties_of_writes(&w, period_us, &p);
	assert_false(p.failed);
	assert_properties(&p, want);
}

static void every_limit_that_has_a_property(void **state)
{
	struct oci_memory m = { .limit = SET(64 << 20), .reservation = SET(32 << 20), .swap = SET(96 << 20) };
	struct oci_cpu u = { .shares = SET(1024), .quota_us = SET(50000), .period_us = SET(200000), .cpus = "0-1,9",
			     .mems = "0" };
	struct oci_block_io b = { .weight = SET(10) };
	struct oci_resources r = { .memory = &m, .cpu = &u, .block_io = &b, .pids_limit = SET(55) };

	(void)state;
	assert_limits(&r, 100000,
		      "TasksMax=55\nMemorySwapMax=33554432\nMemoryMax=67108864\nMemoryLow=33554432\nIOWeight=1\n"
		      "CPUWeight=100\nCPUQuotaPerSecUSec=250000\nCPUQuotaPeriodUSec=200000\nAllowedCPUs=0302\n"
		      "AllowedMemoryNodes=01\n");
}

static void no_limit_is_infinity(void **state)
{
	struct oci_memory m = { .limit = SET(-1) };
	struct oci_cpu u = { .quota_us = SET(-1) };
	struct oci_resources r = { .memory = &m, .cpu = &u, .pids_limit = SET(-1) };

	(void)state;
	assert_limits(&r, 100000, "TasksMax=infinity\nMemorySwapMax=infinity\nMemoryMax=infinity\n"
				  "CPUQuotaPerSecUSec=infinity\n");
}

/* To whole per cent: what the file has is never more. */
static void a_quota_is_rounded_up(void **state)
{
	struct oci_cpu u = { .quota_us = SET(12345) };
	struct oci_resources r = { .cpu = &u };

	(void)state;
	assert_limits(&r, 100000, "CPUQuotaPerSecUSec=130000\n");
	assert_limits(&r, 50000, "CPUQuotaPerSecUSec=250000\n");
}

static void unified_keys_that_have_one(void **state)
{
	struct oci_pair pairs[] = { { "memory.high", "1M" }, { "memory.min", "max" }, { "pids.max", "7" },
				    { "io.weight", "default 50" }, { "io.weight", "8:0 70" }, { "cpu.max", "20000 40000" },
				    { "memory.oom.group", "1" }, { "cpuset.cpus", "nonsense" }, { "memory.max", "nonsense" } };
	struct oci_resources r = { .unified = { pairs, sizeof pairs / sizeof *pairs } };

	(void)state;
	assert_limits(&r, 100000,
		      "MemoryHigh=1048576\nMemoryMin=infinity\nTasksMax=7\nIOWeight=50\nCPUQuotaPerSecUSec=500000\n"
		      "CPUQuotaPeriodUSec=40000\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_limit_that_has_a_property),
		cmocka_unit_test(no_limit_is_infinity),
		cmocka_unit_test(a_quota_is_rounded_up),
		cmocka_unit_test(unified_keys_that_have_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

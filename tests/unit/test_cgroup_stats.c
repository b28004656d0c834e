/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup_stats: the kernel's formats, and runc's JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "cgroup/stats.h"
#include "json.h"

static void counts_are_parsed(void **state)
{
	char text[] = "usage_usec 270000\nuser_usec 260000\nodd\nbig 18446744073709551615\nlast 7";
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct cgroup_counts c = { 0 };
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(cgroup_counts_parse(&a, text, &c, &e), 0);
	assert_int_equal(c.n, 4);
	assert_int_equal(cgroup_count_of(&c, "usage_usec"), 270000);
	assert_true(cgroup_count_of(&c, "big") == UINT64_MAX);
	assert_int_equal(cgroup_count_of(&c, "last"), 7);
	assert_int_equal(cgroup_count_of(&c, "user"), 0);
}

static void pressure_is_parsed(void **state)
{
	char text[] = "some avg10=1.25 avg60=0.00 avg300=100.00 total=123456\n"
		      "full avg10=0.07 avg60=10.5 avg300=0.00 total=18446744073709551615\n";
	struct cgroup_psi p = { 0 };

	(void)state;
	cgroup_psi_parse(text, &p);
	assert_true(p.set);
	assert_int_equal(p.some.avg10, 125);
	assert_int_equal(p.some.avg60, 0);
	assert_int_equal(p.some.avg300, 10000);
	assert_int_equal(p.some.total_us, 123456);
	assert_int_equal(p.full.avg10, 7);
	assert_int_equal(p.full.avg60, 1050);
	assert_true(p.full.total_us == UINT64_MAX);
}

static void assert_json(const struct cgroup_stats *s, const char *want)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	struct json_out o = { .buf = &b };

	cgroup_stats_write(&o, s);
	assert_false(b.failed);
	assert_string_equal(b.data, want);
}

#define CPUSET                                                                                   \
	"\"cpuset\":{\"cpu_exclusive\":0,\"mem_hardwall\":0,\"mem_exclusive\":0,"                \
	"\"memory_migrate\":0,\"memory_spread_page\":0,\"memory_spread_slab\":0,"                \
	"\"memory_pressure\":0,\"sched_load_balance\":0,\"sched_relax_domain_level\":0}"
#define KERNEL "\"kernel\":{\"limit\":0,\"failcnt\":0},\"kernelTCP\":{\"limit\":0,\"failcnt\":0}"
#define END "\"intel_rdt\":{},\"network_interfaces\":null}"

/* Compared with what runc 1.1 printed for such a container. */
static void json_has_runcs_shape(void **state)
{
	struct cgroup_count stat[] = { { "anon", 49152 }, { "file", 212992 } };
	struct cgroup_io_stat io[] = { { 8, 0, 4096, 0, 1, 0 } };
	struct cgroup_hugetlb_stat huge[] = { { "2MB", 0, 3 } };
	struct cgroup_stats s = {
		.cpu = { .usage_us = 270000, .user_us = 260000, .system_us = 10000, .periods = 5,
			 .throttled = 2, .throttled_us = 7 },
		.memory = { .set = true, .usage_bytes = 471040, .limit_bytes = 67108864,
			    .swap_limit_bytes = 33554432, .swap_usage_bytes = 10, .peak_bytes = 5,
			    .stat = { stat, 2 } },
		.pids = { .current = 1, .limit = 64 },
		.io = { .v = io, .n = 1 },
		.hugetlb = { .v = huge, .n = 1 },
	};

	(void)state;
	s.cpu.psi = (struct cgroup_psi){ .set = true, .some = { 125, 120, 0, 9 } };
	assert_json(&s,
		    "{\"cpu\":{\"usage\":{\"total\":270000000,\"kernel\":10000000,"
		    "\"user\":260000000},\"throttling\":{\"periods\":5,\"throttledPeriods\":2,"
		    "\"throttledTime\":7000},\"psi\":{\"some\":{\"avg10\":1.25,\"avg60\":1.2,"
		    "\"avg300\":0,\"total\":9},\"full\":{\"avg10\":0,\"avg60\":0,\"avg300\":0,"
		    "\"total\":0}}}," CPUSET ",\"memory\":{\"cache\":212992,"
		    "\"usage\":{\"limit\":67108864,\"usage\":471040,\"max\":5,\"failcnt\":0},"
		    "\"swap\":{\"limit\":100663296,\"usage\":471050,\"failcnt\":0}," KERNEL ","
		    "\"raw\":{\"anon\":49152,\"file\":212992}},\"pids\":{\"current\":1,"
		    "\"limit\":64},\"blkio\":{\"ioServiceBytesRecursive\":[{\"major\":8,"
		    "\"op\":\"Read\",\"value\":4096},{\"major\":8,\"op\":\"Write\"}],"
		    "\"ioServicedRecursive\":[{\"major\":8,\"op\":\"Read\",\"value\":1},"
		    "{\"major\":8,\"op\":\"Write\"}]},\"hugetlb\":{\"2MB\":{\"failcnt\":3}}," END);
}

static void no_limits_and_nothing_counted(void **state)
{
	struct cgroup_stats s = { .pids.limit = CGROUP_NO_LIMIT };

	(void)state;
	s.memory.limit_bytes = CGROUP_NO_LIMIT;
	assert_json(&s, "{\"cpu\":{\"usage\":{\"kernel\":0,\"user\":0},\"throttling\":{}}," CPUSET
			",\"memory\":{\"usage\":{\"limit\":18446744073709551615,\"failcnt\":0},"
			"\"swap\":{\"limit\":18446744073709551615,\"failcnt\":0}," KERNEL "},"
			"\"pids\":{},\"blkio\":{},\"hugetlb\":{}," END);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_are_parsed),
		cmocka_unit_test(pressure_is_parsed),
		cmocka_unit_test(json_has_runcs_shape),
		cmocka_unit_test(no_limits_and_nothing_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

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
		for (size_t k = 0; v->type == SYSTEMD_PAIRS && k + 1 < v->n; k += 2)
			buf_printf(&got, "%s%s %s", k ? ", " : "", ((char *const *)v->data)[k],
				   ((char *const *)v->data)[k + 1]);
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

/* -- devices --------------------------------------------------------------------------------- */

#define DEFAULTS                                                                                                   \
	"char-* m, block-* m, /dev/char/1:3 rwm, /dev/char/1:8 rwm, /dev/char/1:7 rwm, /dev/char/5:0 rwm, "        \
	"/dev/char/1:5 rwm, /dev/char/1:9 rwm, /dev/char/5:1 rwm, char-pts rwm, /dev/char/5:2 rwm, "             \
	"/dev/char/10:200 rwm\n"

static void assert_devices(struct oci_device_rule *rules, size_t n, bool update, const char *want)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct oci_resources r = { .devices = { rules, n } };
	struct systemd_properties p = { .arena = &a };
	struct err e = ERR_INIT;

	assert_int_equal(cgroup_properties_of_devices(&r, update, &p, &e), 0);
	assert_false(p.failed);
	assert_properties(&p, want);
}

static void rules_that_allow_are_a_list(void **state)
{
	struct oci_device_rule rules[] = {
		{ true, "c", SET(10), SET(1), "rwm" }, /* void: all is denied after it */
		{ false, "a", { 0 }, { 0 }, "rwm" },
		{ true, "c", SET(10), SET(229), "r" },
		{ true, "c", SET(10), SET(229), "w" },
		{ false, "c", SET(10), SET(229), "w" }, /* hart's filter's affair */
		{ true, "c", SET(1), { 0 }, "rw" },
		{ true, NULL, SET(1), SET(2), NULL },
	};

	(void)state;
	assert_devices(rules, sizeof rules / sizeof *rules, false,
		       "DevicePolicy=strict\nDeviceAllow=/dev/char/10:229 rwm, /dev/char/10:229 rwm, char-mem rwm, "
		       "/dev/char/1:2 rwm, /dev/block/1:2 rwm, " DEFAULTS);
}

static void none_is_the_default_devices(void **state)
{
	(void)state;
	assert_devices(NULL, 0, false, "DevicePolicy=strict\nDeviceAllow=" DEFAULTS);
}

/* Then systemd has no filter, and hart's decides alone. */
static void what_cannot_be_said_is_left_out(void **state)
{
	struct oci_device_rule all = { true, "a", { 0 }, { 0 }, "rwm" };
	struct oci_device_rule nameless = { true, "c", SET(4000), { 0 }, "rwm" };
	struct oci_device_rule minor = { true, "c", { 0 }, SET(3), "rwm" };
	struct oci_device_rule many[300];

	(void)state;
	assert_devices(&all, 1, false, "");
	assert_devices(&nameless, 1, false, "");
	assert_devices(&minor, 1, false, "");
	for (size_t i = 0; i < 300; i++)
		many[i] = (struct oci_device_rule){ true, "c", SET(10), { true, (int64_t)i }, "r" };
	assert_devices(many, 300, false, "");
}

static void an_update_replaces_the_list(void **state)
{
	struct oci_device_rule all = { true, "a", { 0 }, { 0 }, "rwm" }, deny = { false, "a", { 0 }, { 0 }, "rwm" };

	(void)state;
	assert_devices(&all, 1, true, "DeviceAllow=\nDevicePolicy=auto\n");
	assert_devices(&deny, 1, true, "DeviceAllow=\nDevicePolicy=strict\nDeviceAllow=" DEFAULTS);
}

static void a_bad_rule_is_refused(void **state)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct oci_device_rule rule = { true, "x", { 0 }, { 0 }, "rwm" };
	struct oci_resources r = { .devices = { &rule, 1 } };
	struct systemd_properties p = { .arena = &a };
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(cgroup_properties_of_devices(&r, false, &p, &e), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_limit_that_has_a_property),
		cmocka_unit_test(no_limit_is_infinity),
		cmocka_unit_test(a_quota_is_rounded_up),
		cmocka_unit_test(unified_keys_that_have_one),
		cmocka_unit_test(rules_that_allow_are_a_list),
		cmocka_unit_test(none_is_the_default_devices),
		cmocka_unit_test(what_cannot_be_said_is_left_out),
		cmocka_unit_test(an_update_replaces_the_list),
		cmocka_unit_test(a_bad_rule_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

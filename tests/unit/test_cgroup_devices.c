/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup_devices: rules against what the compiled program answers, run by a small interpreter of the
 * instructions that the compiler uses; and once through the kernel's verifier's main demand, that
 * every instruction is reachable. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/err.h"
#include "cgroup/devices.h"
#include "within.h"

enum { R = BPF_DEVCG_ACC_READ, W = BPF_DEVCG_ACC_WRITE, M = BPF_DEVCG_ACC_MKNOD };
enum { B = BPF_DEVCG_DEV_BLOCK, C = BPF_DEVCG_DEV_CHAR };

static uint32_t load(const struct bpf_cgroup_dev_ctx *ctx, int off)
{
	uint32_t v;

	assert_within(off, 0, sizeof *ctx - 4);
	memcpy(&v, (const char *)ctx + off, sizeof v);
	return v;
}

/* One instruction; gives the next one's index, or -1 after exit. */
static long step(const struct bpf_insn *in, long at, uint64_t *reg,
		 const struct bpf_cgroup_dev_ctx *ctx)
{
	uint64_t *to = &reg[in->dst_reg];
	uint32_t low = (uint32_t)*to, imm = (uint32_t)in->imm;
	bool taken = false;

	switch (in->code) {
	case BPF_LDX | BPF_MEM | BPF_W: *to = load(ctx, in->off); break;
	case BPF_ALU64 | BPF_MOV | BPF_X: *to = reg[in->src_reg]; break;
	case BPF_ALU64 | BPF_MOV | BPF_K: *to = (uint64_t)in->imm; break;
	case BPF_ALU | BPF_RSH | BPF_K: *to = low >> imm; break;
	case BPF_ALU | BPF_LSH | BPF_K: *to = low << imm; break;
	case BPF_ALU | BPF_AND | BPF_K: *to = low & imm; break;
	case BPF_ALU | BPF_OR | BPF_X: *to = low | (uint32_t)reg[in->src_reg]; break;
	case BPF_JMP32 | BPF_JEQ | BPF_K: taken = low == imm; break;
	case BPF_JMP32 | BPF_JNE | BPF_K: taken = low != imm; break;
	case BPF_JMP32 | BPF_JSET | BPF_K: taken = low & imm; break;
	case BPF_JMP | BPF_EXIT: return -1;
	default: fail_msg("instruction %#x", in->code);
	}
	return at + 1 + (taken ? in->off : 0);
}

static bool run(const struct cgroup_devices_program *p, unsigned type, unsigned access,
		unsigned major, unsigned minor)
{
	struct bpf_cgroup_dev_ctx ctx = { access << 16 | type, major, minor };
	uint64_t reg[16] = { 0 };

	for (long at = 0; at >= 0;) {
		assert_within(at, 0, p->n - 1);
		at = step(&p->v[at], at, reg, &ctx);
	}
	return reg[0];
}

static void assert_all_reachable(const struct cgroup_devices_program *p)
{
	bool *seen = calloc(p->n + 1, sizeof *seen);

	seen[0] = true;
	for (size_t i = 0; i < p->n; i++) { /* all jumps go forward */
		const struct bpf_insn *in = &p->v[i];
		unsigned class = BPF_CLASS(in->code), op = BPF_OP(in->code);
		bool jumps = class == BPF_JMP || class == BPF_JMP32;
		assert_true(seen[i]);
		if (jumps && op == BPF_EXIT)
			continue;
		if (jumps) {
			assert_within(in->off, 0, p->n - i - 2);
			seen[i + 1 + (size_t)in->off] = true;
		}
		seen[i + 1] = true;
	}
	assert_false(seen[p->n]); /* none falls off the end */
	free(seen);
}

#define NUM(n) { true, n }
#define COMPILE(p, a, ...)                                                                        \
	struct oci_device_rule rules_[] = { __VA_ARGS__ };                                        \
	struct oci_resources r_ = { .devices = { rules_, sizeof rules_ / sizeof *rules_ } };       \
	struct err e_ = ERR_INIT;                                                                 \
	assert_int_equal(cgroup_devices_compile(a, &r_, p, &e_), 0);                              \
	assert_all_reachable(p)

static const struct oci_device_rule deny_all = { .allow = false };

static void defaults_are_there(void **state)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct cgroup_devices_program p;

	(void)state;
	COMPILE(&p, &a, deny_all);
	assert_false(p.allows_all);
	static const unsigned good[][2] = { { 1, 3 }, { 1, 5 }, { 1, 7 }, { 1, 8 }, { 1, 9 },
					    { 5, 0 }, { 5, 1 }, { 5, 2 }, { 10, 200 },
					    { 136, 0 }, { 136, 1048575 } };
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		assert_true(run(&p, C, R | W | M, good[i][0], good[i][1]));
	static const unsigned bad[][2] = { { 1, 1 }, { 1, 2 }, { 1, 4 }, { 1, 11 }, { 4, 0 },
					   { 10, 229 }, { 135, 0 }, { 137, 0 }, { 0, 0 } };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_false(run(&p, C, R, bad[i][0], bad[i][1]));
		assert_false(run(&p, C, W, bad[i][0], bad[i][1]));
		assert_false(run(&p, C, M | R, bad[i][0], bad[i][1]));
		assert_true(run(&p, C, M, bad[i][0], bad[i][1]));
		assert_true(run(&p, B, M, bad[i][0], bad[i][1]));
	}
	assert_false(run(&p, B, R, 1, 3)); /* a block device with null's numbers */
}

static void none_is_as_deny_all(void **state)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct cgroup_devices_program none;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(cgroup_devices_compile(&a, NULL, &none, &e), 0);
	assert_all_reachable(&none);
	assert_false(none.allows_all);
	assert_true(run(&none, C, R | W, 1, 3));
	assert_false(run(&none, B, R, 8, 0));
}

static void the_last_rule_decides(void **state)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct cgroup_devices_program p;

	(void)state;
	COMPILE(&p, &a, deny_all,
		{ .allow = true, .type = "b", .major = NUM(8), .access = "rwm" },
		{ .allow = false, .type = "b", .major = NUM(8), .minor = NUM(1), .access = "w" },
		{ .allow = true, .type = "c", .major = NUM(10), .minor = NUM(-1), .access = "r" });
	assert_true(run(&p, B, R | W, 8, 0));
	assert_true(run(&p, B, R, 8, 1));
	assert_false(run(&p, B, W, 8, 1));
	assert_false(run(&p, B, R | W, 8, 1)); /* one bit that is denied denies all */
	assert_true(run(&p, C, R, 10, 229));
	assert_false(run(&p, C, R | W, 10, 229));
	assert_true(run(&p, C, R | M, 10, 229)); /* r from the rule, m from the defaults */
}

static void order_matters(void **state)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct cgroup_devices_program p;

	(void)state;
	COMPILE(&p, &a, { .allow = true, .type = "b", .major = NUM(8) }, deny_all);
	assert_false(run(&p, B, R, 8, 0));
}

static void privileged_needs_no_program(void **state)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct cgroup_devices_program p;

	(void)state;
	{
		COMPILE(&p, &a, deny_all, { .allow = true, .type = "a", .access = "rwm" });
		assert_true(p.allows_all);
		assert_true(run(&p, B, R | W | M, 8, 0));
	}
	COMPILE(&p, &a, { .allow = true, .access = "rwm" },
		{ .allow = false, .type = "b", .major = NUM(8), .access = "w" });
	assert_false(p.allows_all);
	assert_true(run(&p, B, R, 8, 0));
	assert_false(run(&p, B, W, 8, 0));
	assert_true(run(&p, B, W, 9, 0));
}

/* The kernel has 12 bits for a major number, 20 for a minor: larger ones must not be taken for
 * smaller ones. */
static void wide_numbers(void **state)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct cgroup_devices_program p;

	(void)state;
	COMPILE(&p, &a, deny_all,
		{ .allow = true, .type = "c", .major = NUM(4095), .minor = NUM(1048575),
		  .access = "rw" },
		{ .allow = true, .type = "c", .major = NUM(4096 + 4), .minor = NUM(64) },
		{ .allow = true, .type = "c", .major = NUM(4), .minor = NUM(1048576) },
		{ .allow = true, .type = "c", .minor = NUM(1048576 + 7) },
		{ .allow = true, .type = "c", .major = NUM(UINT32_MAX) });
	assert_true(run(&p, C, R | W, 4095, 1048575));
	assert_false(run(&p, C, R | W, 4095, 1048574));
	assert_false(run(&p, C, R, 4, 64));
	assert_false(run(&p, C, R, 5, 3));
	assert_false(run(&p, C, R, 4, 0));
	assert_false(run(&p, C, R, 4, 7));
}

static void bad_rules_are_refused(void **state)
{
	static const struct {
		struct oci_device_rule rule;
		const char *text;
	} bad[] = {
		{ { .type = "p" }, "device rule 1: type \"p\"" },
		{ { .access = "rx" }, "device rule 1: access \"rx\"" },
		{ { .access = "" }, "device rule 1: access \"\"" },
		{ { .major = NUM(1LL << 32) }, "device rule 1: device number out of range" },
		{ { .minor = NUM(INT64_MAX) }, "device rule 1: device number out of range" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		_cleanup_arena_ struct arena a = ARENA_INIT;
		struct cgroup_devices_program p;
		struct err e = ERR_INIT;
		struct oci_device_rule rules[] = { deny_all, bad[i].rule };
		struct oci_resources r = { .devices = { rules, 2 } };
		assert_int_equal(cgroup_devices_compile(&a, &r, &p, &e), -EINVAL);
		assert_string_equal(e.text, bad[i].text);
	}
}

static void too_many_rules_are_refused(void **state)
{
	enum { N = 10000 };
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct oci_device_rule *rules = arena_calloc(&a, N + 1, sizeof *rules);
	struct oci_resources r = { .devices = { rules, N } };
	struct cgroup_devices_program p;
	struct err e = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < N; i++)
		rules[i] = (struct oci_device_rule){ .allow = true, .type = "c", .access = "r",
						     .major = NUM((int)(i % 4000)), .minor = NUM(9) };
	assert_int_equal(cgroup_devices_compile(&a, &r, &p, &e), 0);
	assert_all_reachable(&p);
	assert_true(run(&p, C, R, 0, 9)); /* the jump over all others */
	assert_false(run(&p, B, R, 0, 9));
	r.devices.n++;
	assert_int_equal(cgroup_devices_compile(&a, &r, &p, &e), -E2BIG);
}

/* Any rules, any access: the program against a plain reading of "the last rule decides". */
static bool expected(const struct oci_device_rule *rules, size_t n, unsigned type, char access,
		     unsigned major, unsigned minor)
{
	for (size_t i = n; i > 0; i--) {
		const struct oci_device_rule *r = &rules[i - 1];
		bool type_fits = !r->type || *r->type == 'a' || (*r->type == 'c') == (type == C);
		if (type_fits && (!r->access || strchr(r->access, access)) &&
		    (!r->major.set || r->major.v == major) &&
		    (!r->minor.set || r->minor.v == minor))
			return r->allow;
	}
	return false;
}

static void random_rules_agree(void **state)
{
	static char *const types[] = { NULL, "a", "b", "c" };
	static char *const accesses[] = { NULL, "r", "w", "m", "rw", "rm", "wm", "rwm" };
	struct oci_device_rule rules[8];

	(void)state;
	srandom(1);
	for (int round = 0; round < 300; round++) {
		_cleanup_arena_ struct arena a = ARENA_INIT;
		size_t n = (size_t)random() % 9;
		struct oci_resources r = { .devices = { rules, n } };
		struct cgroup_devices_program p;
		struct err e = ERR_INIT;
		for (size_t i = 0; i < n; i++)
			rules[i] = (struct oci_device_rule){
				.allow = random() & 1,
				.type = types[random() % 4],
				.access = accesses[random() % 8],
				.major = { random() & 1, 20 + random() % 2 },
				.minor = { random() & 1, random() % 2 },
			};
		assert_int_equal(cgroup_devices_compile(&a, &r, &p, &e), 0);
		assert_all_reachable(&p);
		for (unsigned x = 0; x < 2 * 4 * 4; x++) {
			unsigned type = x & 1 ? C : B, major = 20 + (x >> 1 & 1), minor = x >> 2 & 1;
			bool rd = expected(rules, n, type, 'r', major, minor);
			bool wr = expected(rules, n, type, 'w', major, minor);
			assert_int_equal(run(&p, type, R, major, minor), rd);
			assert_int_equal(run(&p, type, W, major, minor), wr);
			assert_int_equal(run(&p, type, R | W, major, minor), rd && wr);
			assert_true(run(&p, type, M, major, minor)); /* always, by default */
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_there),
		cmocka_unit_test(none_is_as_deny_all),
		cmocka_unit_test(the_last_rule_decides),
		cmocka_unit_test(order_matters),
		cmocka_unit_test(privileged_needs_no_program),
		cmocka_unit_test(wide_numbers),
		cmocka_unit_test(bad_rules_are_refused),
		cmocka_unit_test(too_many_rules_are_refused),
		cmocka_unit_test(random_rules_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

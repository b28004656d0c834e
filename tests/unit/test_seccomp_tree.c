/* SPDX-License-Identifier: Apache-2.0 */
/* seccomp_tree: rewritten filters decide every call as the ones that libseccomp made. */
#include <errno.h>
#include <linux/audit.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>
#include <seccomp.h>

#include "base/arena.h"
#include "base/err.h"
#include "seccomp/bpf_run.h"
#include "seccomp/enosys.h"
#include "seccomp/tree.h"

static struct arena arena;

static int free_arena(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

/* Repeatable numbers (xorshift). */
static uint64_t seed;

static uint64_t next(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static const uint64_t values[] = { 0, 1, 8, 0x20008, 0x7e020000, 0xffffffff, 0x100000000, 0x100000001,
				   0x8000000080000000, UINT64_MAX };
#define N_VALUES (sizeof values / sizeof *values)

static const uint32_t actions[] = { SCMP_ACT_ALLOW, SCMP_ACT_ERRNO(1), SCMP_ACT_ERRNO(38),
				    SCMP_ACT_KILL_PROCESS, SCMP_ACT_LOG, SCMP_ACT_TRACE(3),
				    SCMP_ACT_TRAP };
#define N_ACTIONS (sizeof actions / sizeof *actions)

static struct scmp_arg_cmp condition(unsigned arg)
{
	struct scmp_arg_cmp c = { .arg = arg,
				  .op = SCMP_CMP_NE + next() % 7,
				  .datum_a = values[next() % N_VALUES],
				  .datum_b = values[next() % N_VALUES] };

	return c;
}

static void add_random_rule(scmp_filter_ctx ctx, int nr)
{
	struct scmp_arg_cmp conditions[2] = { condition(0), condition(1 + next() % 5) };
	/* Mostly the same action: profiles allow. */
	uint32_t action = next() % 3 ? actions[0] : actions[next() % N_ACTIONS];

	seccomp_rule_add_array(ctx, action, nr, next() % 6 ? 0 : 1 + next() % 2, conditions);
}

static struct sock_fprog exported(scmp_filter_ctx ctx)
{
	int fd = memfd_create("bpf", MFD_CLOEXEC);

	assert_int_equal(seccomp_export_bpf(ctx, fd), 0);
	off_t len = lseek(fd, 0, SEEK_END);
	struct sock_fprog p = { (unsigned short)((size_t)len / sizeof(struct sock_filter)),
				arena_alloc(&arena, (size_t)len) };
	assert_int_equal(pread(fd, p.filter, (size_t)len, 0), len);
	close(fd);
	return p;
}

/* A profile of `percent` of all system calls, with one to three architectures. */
static struct sock_fprog random_filter(unsigned percent, int optimize)
{
	scmp_filter_ctx ctx = seccomp_init(actions[next() % N_ACTIONS]);

	seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, (uint32_t)optimize);
	if (seccomp_arch_native() == SCMP_ARCH_X86_64) {
		if (next() % 2)
			seccomp_arch_add(ctx, SCMP_ARCH_X86);
		if (next() % 2)
			seccomp_arch_add(ctx, SCMP_ARCH_X32);
	} else if (seccomp_arch_native() == SCMP_ARCH_AARCH64 && next() % 2) {
		seccomp_arch_add(ctx, SCMP_ARCH_ARM);
	}
	for (int nr = 0; nr < 470; nr++)
		if (next() % 100 < percent)
			add_random_rule(ctx, nr);
	struct sock_fprog p = exported(ctx);
	seccomp_release(ctx);
	return p;
}

static struct sock_fprog rewritten(const struct sock_fprog *p)
{
	struct sock_fprog ret;
	struct err e = ERR_INIT;

	if (seccomp_tree(&arena, p, &ret, &e) < 0)
		fail_msg("%s", e.text);
	return ret;
}

static const uint32_t arches[] = { AUDIT_ARCH_X86_64, AUDIT_ARCH_I386, AUDIT_ARCH_AARCH64,
				   AUDIT_ARCH_ARM, 0, 0xffffffff };
#define N_ARCHES (sizeof arches / sizeof *arches)

static void compare_one(const struct sock_fprog *a, const struct sock_fprog *b, uint32_t arch, uint32_t nr)
{
	struct seccomp_data call = { .nr = (int)nr, .arch = arch };

	for (int i = 0; i < 6; i++)
		call.args[i] = next() % 2 ? values[next() % N_VALUES] : next();
	uint32_t expected = bpf_run(a, &call), found = bpf_run(b, &call);
	assert_int_not_equal(expected, BPF_RUN_BROKEN);
	if (found != expected)
		fail_msg("arch %x, number %x, arguments %llx %llx...: %x where %x is due", arch, nr,
			 call.args[0], call.args[1], found, expected);
}

static void compare(const struct sock_fprog *a, const struct sock_fprog *b)
{
	static const uint32_t bases[] = { 0, 0x40000000, 0x7fffff00, 0xfffffc00 };

	for (size_t i = 0; i < N_ARCHES; i++)
		for (size_t k = 0; k < sizeof bases / sizeof *bases; k++)
			for (uint32_t nr = 0; nr < 1024; nr++)
				compare_one(a, b, arches[i], bases[k] + nr);
}

static void random_filters_decide_alike(void **state)
{
	(void)state;
	seed = 1;
	for (unsigned round = 0; round < 24; round++) {
		struct sock_fprog p = random_filter(round * 13 % 100, 1 + (int)round % 2);
		struct sock_fprog q = rewritten(&p);

		/* Not given back as it was: then there would be nothing to compare. */
		assert_ptr_not_equal(q.filter, p.filter);
		compare(&p, &q);
	}
}

static void a_large_profile_shrinks(void **state)
{
	(void)state;
	seed = 77;
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(1));
	for (int nr = 0; nr < 440; nr++)
		if (nr % 9)
			seccomp_rule_add(ctx, SCMP_ACT_ALLOW, nr, 0);
	struct sock_fprog p = exported(ctx), q = rewritten(&p);
	seccomp_release(ctx);
	assert_true(q.len * 4 < p.len);
	compare(&p, &q);
}

/* As many decisions as numbers: groups out of reach of each other. */
static void long_distances_are_jumped(void **state)
{
	(void)state;
	seed = 5;
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	for (int nr = 0; nr < 440; nr++)
		seccomp_rule_add(ctx, SCMP_ACT_ERRNO((uint32_t)nr + 1), nr, 0);
	struct sock_fprog p = exported(ctx), q = rewritten(&p);
	seccomp_release(ctx);
	assert_ptr_not_equal(q.filter, p.filter);
	compare(&p, &q);
}

static void what_is_not_understood_is_left(void **state)
{
	struct sock_filter tests_a_bit[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 1, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	};
	struct sock_filter uses_memory[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_STMT(BPF_ST, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_filter leaves_itself[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 9),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog programs[] = { { 4, tests_a_bit }, { 3, uses_memory }, { 3, leaves_itself },
					 { 0, tests_a_bit } };

	(void)state;
	for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
		struct sock_fprog q = rewritten(&programs[i]);
		assert_ptr_equal(q.filter, programs[i].filter);
		assert_int_equal(q.len, programs[i].len);
	}
}

/* The prologue, for architectures that are not this machine's. */
static void newer_calls_get_enosys_on_each_architecture(void **state)
{
	char *names[] = { (char *)"openat2" }, *both[] = { (char *)"SCMP_ARCH_AARCH64",
							   (char *)"SCMP_ARCH_S390X" };
	struct oci_seccomp_rule rule = { .names = { names, 1 }, .action = OCI_ACT_ALLOW };
	struct oci_seccomp s = { .default_action = OCI_ACT_ERRNO,
				 .architectures = { both, 2 },
				 .syscalls = { &rule, 1 } };
	struct sock_filter *prologue;
	struct err e = ERR_INIT;
	size_t n;

	(void)state;
	assert_int_equal(seccomp_enosys(&arena, &s, &prologue, &n, &e), 0);
	struct sock_filter *whole = arena_calloc(&arena, n + 1, sizeof *whole);
	memcpy(whole, prologue, n * sizeof *whole);
	whole[n] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog p = { (unsigned short)(n + 1), whole };
	static const struct {
		uint32_t arch;
		int nr;
		bool passes;
	} calls[] = {
		{ AUDIT_ARCH_AARCH64, 0, true },   { AUDIT_ARCH_AARCH64, 437, true },
		{ AUDIT_ARCH_AARCH64, 438, false }, { AUDIT_ARCH_S390X, 437, true },
		{ AUDIT_ARCH_S390X, 438, false },   { AUDIT_ARCH_S390X, 0, false },
		{ AUDIT_ARCH_S390X, 1, true },	    { AUDIT_ARCH_PPC64, 9999, true },
	};
	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
		struct seccomp_data call = { .arch = calls[i].arch, .nr = calls[i].nr };
		uint32_t expected = calls[i].passes ? SECCOMP_RET_ALLOW : SECCOMP_RET_ERRNO | ENOSYS;
		assert_int_equal(bpf_run(&p, &call), expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(random_filters_decide_alike, free_arena),
		cmocka_unit_test_teardown(a_large_profile_shrinks, free_arena),
		cmocka_unit_test_teardown(long_distances_are_jumped, free_arena),
		cmocka_unit_test_teardown(what_is_not_understood_is_left, free_arena),
		cmocka_unit_test_teardown(newer_calls_get_enosys_on_each_architecture, free_arena),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

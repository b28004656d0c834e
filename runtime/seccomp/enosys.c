/* SPDX-License-Identifier: Apache-2.0 */
/* seccomp/enosys: see seccomp/enosys.h; seccomp(2) for the layout of struct seccomp_data. */
#include "seccomp/enosys.h"

#include <ctype.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"

#define X32_BIT 0x40000000

uint32_t seccomp_arch_token(const char *name)
{
	char text[32];
	size_t n = 0;

	if (strncmp(name, "SCMP_ARCH_", 10))
		return 0;
	for (name += 10; *name && n < sizeof text - 1; name++)
		text[n++] = (char)tolower((unsigned char)*name);
	text[n] = '\0';
	return seccomp_arch_resolve_name(text);
}

/* A token is the kernel's audit number, but x32's, which shares the one of x86-64. */
static uint32_t audit_arch(uint32_t token)
{
	return token == SCMP_ARCH_X32 ? AUDIT_ARCH_X86_64 : token;
}

/* The highest number named for that architecture; -1 when none is. */
static int highest(const struct oci_seccomp *s, uint32_t token)
{
	int max = -1;

	for (size_t i = 0; i < s->syscalls.n; i++)
		for (size_t k = 0; k < s->syscalls.v[i].names.n; k++) {
			int nr = seccomp_syscall_resolve_name_arch(token, s->syscalls.v[i].names.v[k]);
			if (nr > max)
				max = nr;
		}
	return max;
}

struct limit {
	uint32_t arch; /* audit number */
	int max, x32_max; /* -1: not limited */
};

static bool lets_pass(const struct oci_seccomp *s)
{
	switch (s->default_action) {
	case OCI_ACT_ALLOW:
	case OCI_ACT_LOG:
	case OCI_ACT_TRACE: /* the tracer knows best, and NOTIFY's agent as well */
	case OCI_ACT_NOTIFY:
		return true;
	case OCI_ACT_ERRNO:
		return s->default_errno_ret.set && s->default_errno_ret.v == ENOSYS;
	default:
		return false;
	}
}

#define MAX_ARCHES 32

static size_t enosys_collect(const struct oci_seccomp *s, struct limit limits[MAX_ARCHES])
{
	uint32_t tokens[MAX_ARCHES] = { seccomp_arch_native() };
	size_t n_tokens = 1, n = 0;

	for (size_t i = 0; i < s->architectures.n && n_tokens < MAX_ARCHES; i++)
		tokens[n_tokens++] = seccomp_arch_token(s->architectures.v[i]);
	for (size_t i = 0; i < n_tokens; i++) {
		uint32_t arch = audit_arch(tokens[i]);
		size_t k = 0;
		while (k < n && limits[k].arch != arch)
			k++;
		if (k == n)
			limits[n++] = (struct limit){ arch, -1, -1 };
		int max = highest(s, tokens[i]);
		if (tokens[i] == SCMP_ARCH_X32)
			limits[k].x32_max = max;
		else
			limits[k].max = max;
	}
	return n;
}

static const struct sock_filter refuse = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS);

#define BLOCK_MAX 8

/* For one architecture, entered with the architecture in the accumulator and left alike. */
static size_t put_block(struct sock_filter *p, const struct limit *l)
{
	uint32_t max = l->max < 0 ? X32_BIT - 1 : (uint32_t)l->max;
	uint32_t x32_max = l->x32_max < 0 ? ~0U : (uint32_t)l->x32_max | X32_BIT;
	/* Its kernel turns all numbers that it does not know into 0, a call that is no more. */
	bool zero_is_unknown = l->arch == AUDIT_ARCH_S390 || l->arch == AUDIT_ARCH_S390X;
	size_t n = 0;

	p[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, l->arch, 0,
					      zero_is_unknown ? 7 : 6);
	p[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0); /* nr */
	if (zero_is_unknown)
		p[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 3, 0);
	p[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 1, 0);
	p[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, max, 1, 2);
	p[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, x32_max, 0, 1);
	p[n++] = refuse;
	p[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 4); /* arch, for the next */
	return n;
}

int seccomp_enosys(struct arena *a, const struct oci_seccomp *s, struct sock_filter **ret,
		   size_t *ret_n, struct err *e)
{
	struct limit limits[MAX_ARCHES];
	size_t n = 0;

	*ret_n = 0;
	if (lets_pass(s))
		return 0;
	size_t n_limits = enosys_collect(s, limits);
	struct sock_filter *p = arena_calloc(a, 1 + n_limits * BLOCK_MAX, sizeof *p);
	if (!p)
		return err_set(e, ENOMEM, "make the seccomp prologue");
	p[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 4); /* arch */
	for (size_t i = 0; i < n_limits; i++)
		n += put_block(p + n, &limits[i]);
	*ret = p;
	*ret_n = n;
	return 0;
}

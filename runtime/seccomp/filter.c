/* SPDX-License-Identifier: Apache-2.0 */
/* seccomp/filter: see seccomp/filter.h. libseccomp only compiles; flags and installing are seccomp(2)'s own. */
#include "seccomp/filter.h"

#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/io.h"
#include "base/sys.h"
#include "oci.h"
#include "seccomp/cache.h"
#include "seccomp/enosys.h"
#include "seccomp/listener.h"
#include "seccomp/tree.h"

static uint32_t action_of(int action, const struct opt_u32 *errno_ret)
{
	uint32_t value = errno_ret->set ? errno_ret->v : EPERM;

	switch ((enum oci_seccomp_action)action) {
	case OCI_ACT_KILL:
	case OCI_ACT_KILL_THREAD:
		return SCMP_ACT_KILL_THREAD;
	case OCI_ACT_KILL_PROCESS:
		return SCMP_ACT_KILL_PROCESS;
	case OCI_ACT_TRAP:
		return SCMP_ACT_TRAP;
	case OCI_ACT_ERRNO:
		return SCMP_ACT_ERRNO(value);
	case OCI_ACT_TRACE:
		return SCMP_ACT_TRACE(value);
	case OCI_ACT_ALLOW:
		return SCMP_ACT_ALLOW;
	case OCI_ACT_LOG:
		return SCMP_ACT_LOG;
	case OCI_ACT_NOTIFY:
		return SCMP_ACT_NOTIFY;
	}
	return SCMP_ACT_KILL_PROCESS;
}

static enum scmp_compare compare_of(int op)
{
	static const enum scmp_compare ops[] = {
		[OCI_CMP_NE] = SCMP_CMP_NE, [OCI_CMP_LT] = SCMP_CMP_LT,
		[OCI_CMP_LE] = SCMP_CMP_LE, [OCI_CMP_EQ] = SCMP_CMP_EQ,
		[OCI_CMP_GE] = SCMP_CMP_GE, [OCI_CMP_GT] = SCMP_CMP_GT,
		[OCI_CMP_MASKED_EQ] = SCMP_CMP_MASKED_EQ,
	};

	return ops[op];
}

static struct scmp_arg_cmp condition(const struct oci_seccomp_arg *a)
{
	struct scmp_arg_cmp c = { .arg = a->index, .op = compare_of(a->op), .datum_a = a->value,
				  .datum_b = a->value_two };

	return c;
}

#define MAX_ARGS 6

/* Conditions on different arguments must all hold; several on one argument are alternatives, since the
 * library cannot express both on one (runc's reading of profiles). */
static bool same_argument_twice(const struct oci_seccomp_rule *rule)
{
	unsigned seen = 0;

	for (size_t i = 0; i < rule->args.n; i++) {
		if (seen & 1U << rule->args.v[i].index)
			return true;
		seen |= 1U << rule->args.v[i].index;
	}
	return false;
}

static int add_call(scmp_filter_ctx ctx, const struct oci_seccomp_rule *rule, uint32_t action, int nr)
{
	struct scmp_arg_cmp all[MAX_ARGS];
	int r = 0;

	if (same_argument_twice(rule)) {
		for (size_t i = 0; r == 0 && i < rule->args.n; i++) {
			all[0] = condition(&rule->args.v[i]);
			r = seccomp_rule_add_array(ctx, action, nr, 1, all);
		}
		return r;
	}
	for (size_t i = 0; i < rule->args.n; i++)
		all[i] = condition(&rule->args.v[i]);
	return seccomp_rule_add_array(ctx, action, nr, (unsigned)rule->args.n, all);
}

static int filter_add_rule(scmp_filter_ctx ctx, const struct oci_seccomp *s, size_t i, struct err *e)
{
	const struct oci_seccomp_rule *rule = &s->syscalls.v[i];
	uint32_t action = action_of(rule->action, &rule->errno_ret);

	/* What the default does anyway needs no rule, and the library refuses it. */
	if (action == action_of(s->default_action, &s->default_errno_ret))
		return 0;
	for (size_t k = 0; k < rule->names.n; k++) {
		int nr = seccomp_syscall_resolve_name(rule->names.v[k]);
		if (nr == __NR_SCMP_ERROR)
			continue;
		int r = add_call(ctx, rule, action, nr);
		if (r == -EEXIST)
			return err_msg(e, EINVAL, "/linux/seccomp/syscalls/%zu: %s: an earlier rule has "
				       "another action for the same arguments", i, rule->names.v[k]);
		if (r < 0)
			return err_set(e, -r, "/linux/seccomp/syscalls/%zu: %s", i, rule->names.v[k]);
	}
	return 0;
}

static int add_arches(scmp_filter_ctx ctx, const struct oci_seccomp *s, struct err *e)
{
	for (size_t i = 0; i < s->architectures.n; i++) {
		uint32_t token = seccomp_arch_token(s->architectures.v[i]);
		int r = token ? seccomp_arch_add(ctx, token) : -EINVAL;
		if (r < 0 && r != -EEXIST)
			return err_set(e, -r, "/linux/seccomp/architectures/%zu: libseccomp cannot add %s",
				       i, s->architectures.v[i]);
	}
	return 0;
}

/* What the library may write, before it is made small. */
#define MAX_INSTRUCTIONS 65535

/* The library writes to descriptors alone. */
static int export(struct arena *a, scmp_filter_ctx ctx, char **ret, size_t *ret_len, struct err *e)
{
	_cleanup_fd_ int fd = memfd_create("seccomp", MFD_CLOEXEC);

	if (fd < 0)
		return err_set(e, errno, "compile the seccomp filter");
	int r = seccomp_export_bpf(ctx, fd);
	if (r < 0)
		return err_set(e, -r, "compile the seccomp filter");
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_set(e, errno, "compile the seccomp filter");
	return io_read_all(a, fd, MAX_INSTRUCTIONS * sizeof(struct sock_filter),
			   "the seccomp filter", ret, ret_len, e);
}

static int filter_compile(struct arena *a, const struct oci_seccomp *s, char **ret, size_t *ret_len,
			  struct err *e)
{
	scmp_filter_ctx ctx =
		seccomp_init(action_of(s->default_action, &s->default_errno_ret));
	int r = 0;

	if (!ctx)
		return err_msg(e, EINVAL, "/linux/seccomp: libseccomp cannot start a filter");
	r = add_arches(ctx, s, e);
	for (size_t i = 0; r >= 0 && i < s->syscalls.n; i++)
		r = filter_add_rule(ctx, s, i, e);
	if (r >= 0)
		r = export(a, ctx, ret, ret_len, e);
	seccomp_release(ctx);
	return r;
}

static int too_long(struct err *e)
{
	return err_msg(e, E2BIG, "/linux/seccomp: the filter has more than %d instructions",
		       BPF_MAXINSNS);
}

/* Prologue and filter as one program, made small. */
static int filter_assemble(struct arena *a, const struct oci_seccomp *s, struct sock_fprog *ret,
			   struct err *e)
{
	struct sock_filter *prologue, *all;
	size_t n_prologue, len, n;
	char *filter;
	int r = filter_compile(a, s, &filter, &len, e);

	if (r >= 0)
		r = seccomp_enosys(a, s, &prologue, &n_prologue, e);
	if (r < 0)
		return r;
	n = n_prologue + len / sizeof *all;
	if (n > MAX_INSTRUCTIONS)
		return too_long(e);
	all = arena_calloc(a, n, sizeof *all);
	if (!all)
		return err_set(e, ENOMEM, "assemble the seccomp filter");
	if (n_prologue)
		memcpy(all, prologue, n_prologue * sizeof *all);
	memcpy(all + n_prologue, filter, len);
	struct sock_fprog whole = { (unsigned short)n, all };
	r = seccomp_tree(a, &whole, ret, e);
	return r >= 0 && ret->len > BPF_MAXINSNS ? too_long(e) : r;
}

static bool any_notify(const struct oci_seccomp *s)
{
	bool found = s->default_action == OCI_ACT_NOTIFY;

	for (size_t i = 0; i < s->syscalls.n; i++)
		found |= s->syscalls.v[i].action == OCI_ACT_NOTIFY;
	return found;
}

static unsigned filter_flags_of(const struct oci_seccomp *s)
{
	/* As runc: filters cost no speculation mitigation unless the profile sets flags itself. */
	unsigned flags = s->flags.n ? 0 : SECCOMP_FILTER_FLAG_SPEC_ALLOW;

	for (size_t i = 0; i < s->flags.n; i++)
		flags |= (unsigned)s->flags.v[i];
	/* There is one thread alone, and beside NEW_LISTENER the kernel refuses it. */
	flags &= ~(unsigned)SECCOMP_FILTER_FLAG_TSYNC;
	if (any_notify(s))
		flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
	else
		flags &= ~(unsigned)SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV; /* means nothing then */
	return flags;
}

int seccomp_prepare(struct arena *a, const struct oci_seccomp *s, int cache_dirfd,
		    struct seccomp_filter *ret, struct err *e)
{
	ret->flags = filter_flags_of(s);
	if (cache_dirfd < 0)
		return filter_assemble(a, s, &ret->program, e);
	struct seccomp_key key = seccomp_cache_key(s);
	if (seccomp_cache_load(a, cache_dirfd, &key, &ret->program))
		return 0;
	int r = filter_assemble(a, s, &ret->program, e);
	if (r >= 0)
		seccomp_cache_store(cache_dirfd, &key, &ret->program);
	return r;
}

bool seccomp_notifies(const struct seccomp_filter *f)
{
	return f->flags & SECCOMP_FILTER_FLAG_NEW_LISTENER;
}

int seccomp_install(const struct seccomp_filter *f, int *ret_listener, struct err *e)
{
	long r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, f->flags, &f->program);

	*ret_listener = FD_NONE;
	if (r < 0)
		return err_set(e, errno, "install the seccomp filter");
	if (seccomp_notifies(f))
		*ret_listener = (int)r;
	return 0;
}

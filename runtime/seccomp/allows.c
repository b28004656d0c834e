/* SPDX-License-Identifier: Apache-2.0 */
/* seccomp/allows: see allows.h. */
#include "seccomp/allows.h"

#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>

#include "seccomp/bpf_run.h"
#include "seccomp/filter.h"

static bool is_allowed(const struct seccomp_filter *f, const struct seccomp_call *call)
{
	struct seccomp_data data = { .nr = call->number, .arch = seccomp_arch_native() };

	for (size_t k = 0; k < sizeof data.args / sizeof *data.args; k++)
		data.args[k] = call->args[k];
	uint32_t action = bpf_run(&f->program, &data) & SECCOMP_RET_ACTION_FULL;
	return action == SECCOMP_RET_ALLOW || action == SECCOMP_RET_LOG;
}

const struct seccomp_call *seccomp_refused(const struct seccomp_filter *f, const struct seccomp_call *calls, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!is_allowed(f, &calls[i]))
			return &calls[i];
	return NULL;
}

void seccomp_call_name(const struct seccomp_call *call, char *buf, size_t size)
{
	char *name = seccomp_syscall_resolve_num_arch(seccomp_arch_native(), call->number);

	snprintf(buf, size, "%s", name ? name : "a system call");
	free(name);
}

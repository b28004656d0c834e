/* seccomp/allows: see allows.h. */
#include "seccomp/allows.h"

#include <seccomp.h>
#include <string.h>

#include "seccomp/bpf_run.h"
#include "seccomp/filter.h"

bool seccomp_allows(const struct seccomp_filter *f, const struct seccomp_call *calls, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct seccomp_data data = { .nr = calls[i].number, .arch = seccomp_arch_native() };
		for (size_t k = 0; k < sizeof data.args / sizeof *data.args; k++)
			data.args[k] = calls[i].args[k];
		uint32_t action = bpf_run(&f->program, &data) & SECCOMP_RET_ACTION_FULL;
		if (action != SECCOMP_RET_ALLOW && action != SECCOMP_RET_LOG)
			return false;
	}
	return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* port_calls: see port_calls.h; the kernel's unistd.h of each architecture. */
#include "seccomp/port_calls.h"

#include <sys/syscall.h>

#include <linux/audit.h>

const struct port_call_arch port_call_archs[PORT_CALL_ARCHS + 1] = {
#if defined(__x86_64__)
	{ AUDIT_ARCH_X86_64, SYS_bind, SYS_listen, -1 },
	{ AUDIT_ARCH_I386, 361, 363, 102 },
#elif defined(__aarch64__)
	{ AUDIT_ARCH_AARCH64, SYS_bind, SYS_listen, -1 },
	{ AUDIT_ARCH_ARM, 282, 284, -1 },
#elif defined(__riscv) && __riscv_xlen == 64
	{ AUDIT_ARCH_RISCV64, SYS_bind, SYS_listen, -1 },
#endif
	{ 0 },
};

static const struct port_call_arch *port_calls_find(uint32_t arch)
{
	for (const struct port_call_arch *a = port_call_archs; a->arch; a++)
		if (a->arch == arch)
			return a;
	return 0;
}

static int plain(uint32_t arch, int nr)
{
#if defined(__x86_64__)
	if (arch == AUDIT_ARCH_X86_64)
		return nr & ~PORT_CALL_X32;
#endif
	(void)arch;
	return nr;
}

bool port_call_is_packed(uint32_t arch, int nr)
{
	const struct port_call_arch *a = port_calls_find(arch);

	return a && a->packed >= 0 && nr == a->packed;
}

enum port_call port_call_kind(uint32_t arch, int nr, uint64_t first)
{
	const struct port_call_arch *a = port_calls_find(arch);

	if (!a)
		return PORT_CALL_NONE;
	nr = plain(arch, nr);
	if (port_call_is_packed(arch, nr))
		return (uint32_t)first == PORT_CALL_PACKED_BIND	  ? PORT_CALL_BIND :
		       (uint32_t)first == PORT_CALL_PACKED_LISTEN ? PORT_CALL_LISTEN :
								    PORT_CALL_NONE;
	return nr == a->bind ? PORT_CALL_BIND : nr == a->listen ? PORT_CALL_LISTEN : PORT_CALL_NONE;
}

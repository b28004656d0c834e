/* SPDX-License-Identifier: Apache-2.0 */
/*
 * uml_xstate: preloaded into linux.uml (6.1) on hosts whose CPU has AMX. UML saves the extended
 * processor state into a buffer of fixed size; the host's kernel takes it back only whole
 * (PTRACE_SETREGSET, EFAULT otherwise), so every guest process would die. Here the part that UML
 * does not know is filled up with what the traced process has now.
 * See ptrace(2) and the Linux XSAVE documentation (offset 512: the bitmap of valid components).
 */
#include <elf.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#ifndef NT_X86_XSTATE
#define NT_X86_XSTATE 0x202
#endif
#define XSTATE_MAX_BYTES 16384
#define XSTATE_BITMAP_OFFSET 512
/* x87, SSE, AVX, the three of AVX-512, PKRU: all that fits into UML's buffer. */
#define XSTATE_SMALL_COMPONENTS 0x2e7u

static long set_xstate(pid_t pid, const struct iovec *known)
{
	/* Static: UML calls on kernel stacks of 16 KiB, one CPU at a time. */
	static _Alignas(64) char whole[XSTATE_MAX_BYTES];
	struct iovec iov = { whole, sizeof whole };
	uint64_t had, given;

	if (syscall(SYS_ptrace, PTRACE_GETREGSET, pid, NT_X86_XSTATE, &iov) < 0)
		return -1;
	if (known->iov_len < iov.iov_len) {
		memcpy(&had, whole + XSTATE_BITMAP_OFFSET, sizeof had);
		memcpy(whole, known->iov_base, known->iov_len);
		memcpy(&given, whole + XSTATE_BITMAP_OFFSET, sizeof given);
		given = (given & XSTATE_SMALL_COMPONENTS) | (had & ~(uint64_t)XSTATE_SMALL_COMPONENTS);
		memcpy(whole + XSTATE_BITMAP_OFFSET, &given, sizeof given);
	} else {
		iov = *known;
	}
	return syscall(SYS_ptrace, PTRACE_SETREGSET, pid, NT_X86_XSTATE, &iov);
}

long ptrace(enum __ptrace_request request, ...)
{
	va_list ap;
	pid_t pid;
	void *addr, *data;
	long peeked, ret;

	va_start(ap, request);
	pid = va_arg(ap, pid_t);
	addr = va_arg(ap, void *);
	data = va_arg(ap, void *);
	va_end(ap);
	if (request == PTRACE_SETREGSET && (uintptr_t)addr == NT_X86_XSTATE)
		return set_xstate(pid, data);
	/* The raw calls that peek store the word; the library's form returns it. */
	if (request == PTRACE_PEEKTEXT || request == PTRACE_PEEKDATA || request == PTRACE_PEEKUSER) {
		ret = syscall(SYS_ptrace, request, pid, addr, &peeked);
		return ret < 0 ? ret : peeked;
	}
	return syscall(SYS_ptrace, request, pid, addr, data);
}

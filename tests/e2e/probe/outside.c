/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outside: stands for a program of the host that no container may run. It says ESCAPED and leaves the file
 * /escaped. No libc: it also works as another program's ELF interpreter, where libc would take that
 * program's headers for its own.
 */
#include <asm/unistd.h>

enum { AT_CWD = -100, WRITE_CREATE = 0101, STDOUT = 1 };

#if defined(__x86_64__)
static long call(long n, long a, long b, long c, long d)
{
	register long r10 __asm__("r10") = d;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10)
			 : "rcx", "r11", "memory");
	return ret;
}
__asm__(".globl _start\n_start:\n\tand $-16, %rsp\n\tcall outside_main\n");
#elif defined(__aarch64__)
static long call(long n, long a, long b, long c, long d)
{
	register long x8 __asm__("x8") = n;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;

	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
	return x0;
}
__asm__(".globl _start\n_start:\n\tbl outside_main\n");
#elif defined(__riscv)
static long call(long n, long a, long b, long c, long d)
{
	register long a7 __asm__("a7") = n;
	register long a0 __asm__("a0") = a;
	register long a1 __asm__("a1") = b;
	register long a2 __asm__("a2") = c;
	register long a3 __asm__("a3") = d;

	__asm__ volatile("ecall" : "+r"(a0) : "r"(a7), "r"(a1), "r"(a2), "r"(a3) : "memory");
	return a0;
}
__asm__(".globl _start\n_start:\n\tcall outside_main\n");
#else
#error "no system calls for this processor"
#endif

void outside_main(void);

void outside_main(void)
{
	static const char text[] = "ESCAPED\n", file[] = "/escaped";

	call(__NR_openat, AT_CWD, (long)file, WRITE_CREATE, 0644);
	call(__NR_write, STDOUT, (long)text, sizeof text - 1, 0);
	call(__NR_exit_group, 0, 0, 0, 0);
	__builtin_unreachable();
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stamp: a member that measures takeovers: no libc, so that its first instruction is its first system
 * call: CLOCK_MONOTONIC, written to slot HART_GENERATION of the shared file. It lives for a while, stamps
 * the time again in its very last instructions and ends (a PID 1 cannot kill itself): status 1, or 0 for
 * the generation that is the last. `stamp FILE LIFE-MS LAST`; FILE has LAST + 1 slots.
 */
#include <asm/unistd.h>
#include <stdint.h>

struct slot { /* as takeover.c reads it */
	int64_t first_ns, last_ns;
};

struct time { /* struct timespec, without libc */
	int64_t s, ns;
};

enum { AT_CWD = -100, READ_WRITE = 2, MAP_READ_WRITE = 3, MAP_IS_SHARED = 1, CLOCK_IS_MONOTONIC = 1 };

#if defined(__x86_64__)
static long call6(long n, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
}
__asm__(".globl _start\n_start:\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall stamp_main\n");
#elif defined(__aarch64__)
static long call6(long n, long a, long b, long c, long d, long e, long f)
{
	register long x8 __asm__("x8") = n;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;

	__asm__ volatile("svc 0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory");
	return x0;
}
__asm__(".globl _start\n_start:\n\tmov x0, sp\n\tbl stamp_main\n");
#elif defined(__riscv)
static long call6(long n, long a, long b, long c, long d, long e, long f)
{
	register long a7 __asm__("a7") = n;
	register long a0 __asm__("a0") = a;
	register long a1 __asm__("a1") = b;
	register long a2 __asm__("a2") = c;
	register long a3 __asm__("a3") = d;
	register long a4 __asm__("a4") = e;
	register long a5 __asm__("a5") = f;

	__asm__ volatile("ecall"
			 : "+r"(a0)
			 : "r"(a7), "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5)
			 : "memory");
	return a0;
}
__asm__(".globl _start\n_start:\n\tmv a0, sp\n\tcall stamp_main\n");
#else
#error "no system calls for this processor"
#endif

static int64_t clock_ns(void)
{
	struct time t;

	call6(__NR_clock_gettime, CLOCK_IS_MONOTONIC, (long)&t, 0, 0, 0, 0);
	return t.s * 1000000000 + t.ns;
}

__attribute__((noreturn)) static void leave(int status)
{
	for (;;)
		call6(__NR_exit_group, status, 0, 0, 0, 0, 0);
}

static long number(const char *s)
{
	long n = 0;

	while (*s >= '0' && *s <= '9')
		n = 10 * n + *s++ - '0';
	return n;
}

static long generation(char **env)
{
	static const char key[] = "HART_GENERATION=";

	for (; *env; env++) {
		unsigned i = 0;
		while (key[i] && (*env)[i] == key[i])
			i++;
		if (!key[i])
			return number(*env + i);
	}
	return 0;
}

__attribute__((noreturn, used)) void stamp_main(long *stack);

void stamp_main(long *stack)
{
	int64_t first = clock_ns();
	long argc = *stack;
	char **argv = (char **)(stack + 1), **env = argv + argc + 1;

	if (argc < 4)
		leave(2);
	long life_ms = number(argv[2]), last = number(argv[3]), g = generation(env);
	if (g < 1 || g > last)
		leave(3);
	long fd = call6(__NR_openat, AT_CWD, (long)argv[1], READ_WRITE, 0, 0, 0);
	if (fd < 0)
		leave(4);
	long size = (last + 1) * (long)sizeof(struct slot);
	long at = call6(__NR_mmap, 0, size, MAP_READ_WRITE, MAP_IS_SHARED, fd, 0);
	if (at < 0 && at > -4096)
		leave(5);
	volatile struct slot *slot = (struct slot *)at + g;
	slot->first_ns = first;
	struct time t = { life_ms / 1000, life_ms % 1000 * 1000000 };
	call6(__NR_nanosleep, (long)&t, 0, 0, 0, 0, 0);
	slot->last_ns = clock_ns();
	leave(g < last);
}

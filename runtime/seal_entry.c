/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seal_entry: the program's entry point, before libc: makes sure that the running binary cannot be
 * written through /proc/PID/exe by what it starts (CVE-2019-5736), by executing itself once more from
 * a detached, read-only clone of its mount. Here and not in main(), because a second start of libc
 * costs more than all the rest (CPUID traps in virtual machines), and this pass has none.
 * No libc, no stack protector, no relocated data: nothing of that is set up yet.
 */
#include "seal.h"

#include <asm/unistd.h>
#include <linux/mount.h>
#include <stdbool.h>

#if defined(__x86_64__)
__asm__(".text\n"
	".globl hart_entry\n"
	".type hart_entry, @function\n"
	"hart_entry:\n"
	"	endbr64\n"
	"	mov %rsp, %rdi\n"
	"	push %rdx\n" /* the dynamic loader's exit function */
	"	sub $8, %rsp\n"
	"	call seal_before_libc\n"
	"	add $8, %rsp\n"
	"	pop %rdx\n"
	"	jmp _start\n"
	".size hart_entry, . - hart_entry\n");

static long call(long number, long a, long b, long c, long d, long e)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
			 : "rcx", "r11", "memory");
	return ret;
}
#elif defined(__aarch64__)
__asm__(".text\n"
	".globl hart_entry\n"
	".type hart_entry, %function\n"
	"hart_entry:\n"
	"	str x0, [sp, #-16]!\n"
	"	add x0, sp, #16\n"
	"	bl seal_before_libc\n"
	"	ldr x0, [sp], #16\n"
	"	b _start\n"
	".size hart_entry, . - hart_entry\n");

static long call(long number, long a, long b, long c, long d, long e)
{
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;

	__asm__ volatile("svc 0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4)
			 : "memory");
	return x0;
}
#elif defined(__riscv) && __riscv_xlen == 64
__asm__(".text\n"
	".globl hart_entry\n"
	".type hart_entry, %function\n"
	"hart_entry:\n"
	".option push\n"
	".option norelax\n"
	"	lla gp, __global_pointer$\n" /* as _start does it: the linker may have made use of it */
	".option pop\n"
	"	addi sp, sp, -16\n"
	"	sd a0, 0(sp)\n" /* the dynamic loader's exit function */
	"	addi a0, sp, 16\n"
	"	call seal_before_libc\n"
	"	ld a0, 0(sp)\n"
	"	addi sp, sp, 16\n"
	"	tail _start\n"
	".size hart_entry, . - hart_entry\n");

static long call(long number, long a, long b, long c, long d, long e)
{
	register long a7 __asm__("a7") = number;
	register long a0 __asm__("a0") = a;
	register long a1 __asm__("a1") = b;
	register long a2 __asm__("a2") = c;
	register long a3 __asm__("a3") = d;
	register long a4 __asm__("a4") = e;

	__asm__ volatile("ecall"
			 : "+r"(a0)
			 : "r"(a7), "r"(a1), "r"(a2), "r"(a3), "r"(a4)
			 : "memory");
	return a0;
}
#else
#error "seal_entry: no entry point for this architecture; meson.build leaves it out there"
#endif

#define OWN_BINARY "/proc/self/exe"
#define HERE (-100) /* AT_FDCWD */
#define CLOEXEC 02000000
#define EMPTY_PATH 0x1000
#define NO_SYMFOLLOW 0x200000 /* MOUNT_ATTR_NOSYMFOLLOW, since 5.14 */
#define GET_FLAGS 1 /* F_GETFD */
#define AUX_EXECFN 31

struct fs_stat { /* struct statfs of 64-bit kernels */
	long type, bsize, blocks, bfree, bavail, files, ffree;
	int fsid[2];
	long namelen, frsize, flags, spare[4];
};

static bool same(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return *a == *b;
}

#ifndef SEAL_WORDS
#define SEAL_WORDS "run", "create", "exec", "adopt"
#endif

/* A word of the command line that names a command which runs content; a false match costs 100 µs. The list is
 * on the stack: there are no relocations yet. */
static bool runs_content(long argc, char **argv)
{
	const char words[][8] = { SEAL_WORDS };

	for (long i = 1; i < argc; i++)
		for (unsigned k = 0; k < sizeof words / sizeof *words; k++)
			if (same(argv[i], words[k]))
				return true;
	return false;
}

/* Whether this is the second pass: execveat of a descriptor makes the kernel call us that. Only to
 * never go round in circles; what is sealed the mount itself says. */
static bool is_second_pass(char **env)
{
	static const char name[] = "/dev/fd/";
	long *aux;

	while (*env++)
		;
	for (aux = (long *)env; aux[0] && aux[0] != AUX_EXECFN; aux += 2)
		;
	for (int i = 0; aux[0] && name[i]; i++)
		if (((const char *)aux[1])[i] != name[i])
			return false;
	return aux[0];
}

__attribute__((used, visibility("hidden"))) void seal_before_libc(long *stack);

void seal_before_libc(long *stack)
{
	long argc = stack[0];
	char **argv = (char **)(stack + 1), **env = argv + argc + 1;
	struct mount_attr sealed = { .attr_set = MOUNT_ATTR_RDONLY | NO_SYMFOLLOW | MOUNT_ATTR_NODEV };
	struct fs_stat fs;

	if (!runs_content(argc, argv) || is_second_pass(env))
		return;
	fs.flags = 0;
	if (call(__NR_statfs, (long)OWN_BINARY, (long)&fs, 0, 0, 0) == 0 &&
	    (fs.flags & SEAL_MOUNT) == SEAL_MOUNT)
		return;
	/* Closing the last descriptor of the clone waits for RCU: seal_release() does it when nobody
	 * waits for us. Where the number is taken, execve closes it. */
	long fd = call(__NR_open_tree, HERE, (long)OWN_BINARY, OPEN_TREE_CLONE | CLOEXEC, 0, 0);
	if (fd < 0)
		return; /* main() sees that nothing was sealed and does it in another way */
	if (call(__NR_fcntl, SEAL_FD, GET_FLAGS, 0, 0, 0) < 0)
		call(__NR_dup3, fd, SEAL_FD, 0, 0, 0);
	if (call(__NR_mount_setattr, fd, (long)"", EMPTY_PATH, (long)&sealed, sizeof sealed) == 0)
		call(__NR_execveat, fd, (long)"", (long)argv, (long)env, EMPTY_PATH);
	call(__NR_close, fd, 0, 0, 0, 0);
}

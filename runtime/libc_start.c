/*
 * libc_start: what glibc does before main() in a static program, less what it asks the processor: some 65 CPUID
 * instructions, each of which traps in a virtual machine and costs more there than all else of a start. Without
 * them glibc takes its baseline string functions: right everywhere, and fast enough for one who moves no data.
 * Takes the place of libc.a's libc-start.o, whose parts it calls in the same order; so it is only built for
 * the one glibc whose parts these are (meson.build), and libc's own start is as good elsewhere.
 */
#include <elf.h>
#include <link.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#if __GLIBC__ != 2 || __GLIBC_MINOR__ != 36
#error "written for glibc 2.36"
#endif

#pragma GCC visibility push(hidden)
/* glibc 2.36, csu/libc-start.c and what it calls. */
extern void *__libc_stack_end;
extern void *_dl_random;
extern int __libc_enable_secure;
void _dl_aux_init(ElfW(auxv_t) *auxv);
void _dl_relocate_static_pie(void);
void __libc_setup_tls(void);
void __libc_early_init(_Bool is_initial);
void __libc_init_first(int argc, char **argv, char **envp);
void __libc_check_standard_fds(void);
void _init(void);
void _fini(void);
extern void (*__preinit_array_start[])(int, char **, char **);
extern void (*__preinit_array_end[])(int, char **, char **);
extern void (*__init_array_start[])(int, char **, char **);
extern void (*__init_array_end[])(int, char **, char **);
extern void (*__fini_array_start[])(void);
extern void (*__fini_array_end[])(void);
int __cxa_atexit(void (*fn)(void *), void *arg, void *dso);
int __libc_start_main(int (*main_fn)(int, char **, char **), int argc, char **argv, void (*init)(void),
		      void (*fini)(void), void (*rtld_fini)(void), void *stack_end);

/* By what sizes its string functions choose their ways; of any processor of these days. */
long __x86_data_cache_size_half = 32 * 1024 / 2;
long __x86_data_cache_size = 32 * 1024;
long __x86_shared_cache_size_half = 1024 * 1024 / 2;
long __x86_shared_cache_size = 1024 * 1024;
long __x86_shared_non_temporal_threshold = 1024 * 1024 * 3 / 4;
long __x86_rep_movsb_threshold = 2048;
long __x86_rep_stosb_threshold = 2048;
long __x86_rep_movsb_stop_threshold = 1024 * 1024 * 3 / 4;
int __x86_string_control;
#pragma GCC visibility pop

/* The canary of the stack, and the key of stored pointers, as <tls.h> places them. */
static void set_guards(void)
{
	const uintptr_t *random = _dl_random;
	uintptr_t canary = random[0] & ~(uintptr_t)0xff; /* a string ends before it */

	__asm__ volatile("mov %0, %%fs:0x28" : : "r"(canary));
	__asm__ volatile("mov %0, %%fs:0x30" : : "r"(random[1]));
}

static void call_fini(void *unused)
{
	size_t i = (size_t)(__fini_array_end - __fini_array_start);

	(void)unused;
	while (i-- > 0)
		__fini_array_start[i]();
	_fini();
}

static void call_init(int argc, char **argv, char **envp)
{
	for (void (**fn)(int, char **, char **) = __preinit_array_start; fn < __preinit_array_end; fn++)
		(*fn)(argc, argv, envp);
	_init();
	for (void (**fn)(int, char **, char **) = __init_array_start; fn < __init_array_end; fn++)
		(*fn)(argc, argv, envp);
}

int __libc_start_main(int (*main_fn)(int, char **, char **), int argc, char **argv, void (*init)(void),
		      void (*fini)(void), void (*rtld_fini)(void), void *stack_end)
{
	char **end = argv + argc + 1;

	(void)init;
	(void)fini;
	(void)rtld_fini;
	environ = end;
	__libc_stack_end = stack_end;
	while (*end)
		end++;
	_dl_aux_init((ElfW(auxv_t) *)(end + 1));
	_dl_relocate_static_pie();
	__libc_setup_tls();
	set_guards();
	__libc_early_init(1);
	__libc_init_first(argc, argv, environ);
	__cxa_atexit(call_fini, NULL, NULL);
	if (__libc_enable_secure)
		__libc_check_standard_fds();
	call_init(argc, argv, environ);
	exit(main_fn(argc, argv, environ));
}

#ifdef LIBC_START_ALONE /* does it link? */
int main(void)
{
	return 0;
}
#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* program_fault: see program_fault.h. */
#include "process/program_fault.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"

#define HEAD_BYTES 256 /* what the kernel reads of a script, too */
#define NAME_MAX_ 128
#define PROGRAM_HEADERS_MAX 64

#ifndef EM_LOONGARCH
#define EM_LOONGARCH 258
#endif

static const struct {
	int machine;
	const char *name;
} machines[] = {
	{ EM_386, "i386" }, { EM_X86_64, "x86-64" }, { EM_ARM, "arm" }, { EM_AARCH64, "arm64" }, { EM_RISCV, "RISC-V" },
	{ EM_PPC64, "ppc64" }, { EM_S390, "s390" }, { EM_MIPS, "MIPS" }, { EM_LOONGARCH, "LoongArch" },
};

#if defined(__x86_64__)
#define OUR_MACHINE EM_X86_64
#elif defined(__aarch64__)
#define OUR_MACHINE EM_AARCH64
#elif defined(__riscv)
#define OUR_MACHINE EM_RISCV
#else
#define OUR_MACHINE EM_NONE
#endif

static const char *machine_name(int machine)
{
	for (size_t i = 0; i < sizeof machines / sizeof *machines; i++)
		if (machines[i].machine == machine)
			return machines[i].name;
	return "another architecture";
}

/* A name out of a file, for an error: no control characters. */
static void take_name(char name[NAME_MAX_], const char *from, size_t len)
{
	size_t n = 0;

	for (; n < len && n < NAME_MAX_ - 1 && from[n]; n++)
		name[n] = from[n] < ' ' || from[n] == 0x7f ? '?' : from[n];
	name[n] = '\0';
}

static const char *fault_of_script(const char *head, size_t len, char *buf, size_t size)
{
	const char *at = head + 2, *end = head + len, *stop;
	char name[NAME_MAX_];

	while (at < end && (*at == ' ' || *at == '\t'))
		at++;
	for (stop = at; stop < end && *stop != ' ' && *stop != '\t' && *stop != '\n' && *stop; stop++)
		;
	const char *newline = memchr(head, '\n', len);
	if (newline && newline[-1] == '\r') {
		snprintf(buf, size, "its first line ends with CR LF, as files of Windows do: write it with LF");
		return buf;
	}
	take_name(name, at, (size_t)(stop - at));
	if (!*name)
		return "its first line, \"#!\", names no interpreter";
	snprintf(buf, size, "the interpreter that its first line names, %s, is not in the root file system, or cannot be executed",
		 name);
	return buf;
}

/* The loader that a dynamic program of this machine's word size names. */
static const char *fault_of_loader(int fd, const Elf64_Ehdr *h, char *buf, size_t size)
{
	char loader[NAME_MAX_], name[NAME_MAX_];
	Elf64_Phdr ph;

	for (unsigned i = 0; i < h->e_phnum && i < PROGRAM_HEADERS_MAX; i++) {
		if (pread(fd, &ph, sizeof ph, (off_t)(h->e_phoff + i * sizeof ph)) != (ssize_t)sizeof ph)
			return NULL;
		if (ph.p_type != PT_INTERP)
			continue;
		ssize_t n = pread(fd, loader, ph.p_filesz < sizeof loader ? ph.p_filesz : sizeof loader,
				  (off_t)ph.p_offset);
		if (n <= 0)
			return NULL;
		take_name(name, loader, (size_t)n);
		snprintf(buf, size, "its loader, %s, is not in the root file system: it is linked dynamically, and needs its "
			 "libraries there", name);
		return buf;
	}
	return NULL;
}

static const char *fault_of_elf(int fd, const char *head, size_t len, int errnum, char *buf, size_t size)
{
	Elf64_Ehdr h;

	if (len < sizeof h)
		return "it is an ELF file that was cut off";
	memcpy(&h, head, sizeof h);
	if (OUR_MACHINE != EM_NONE && h.e_machine != OUR_MACHINE && errnum == ENOEXEC) {
		snprintf(buf, size, "it is a program for %s, and this machine is %s", machine_name(h.e_machine),
			 machine_name(OUR_MACHINE));
		return buf;
	}
	if (errnum == ENOENT && h.e_ident[EI_CLASS] == ELFCLASS64 && h.e_phentsize == sizeof(Elf64_Phdr))
		return fault_of_loader(fd, &h, buf, size);
	return NULL;
}

const char *program_fault(const char *path, int errnum, char *buf, size_t size)
{
	char head[HEAD_BYTES];
	_cleanup_fd_ int fd = FD_NONE;

	if (errnum != ENOENT && errnum != ENOEXEC && errnum != EACCES)
		return NULL;
	/* It may be a FIFO by now: nothing is waited for. */
	fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	ssize_t len = fd < 0 ? -1 : pread(fd, head, sizeof head, 0);
	if (len < 0)
		return NULL;
	if (len >= 4 && !memcmp(head, ELFMAG, SELFMAG))
		return fault_of_elf(fd, head, (size_t)len, errnum, buf, size);
	if (len >= 2 && !memcmp(head, "#!", 2))
		return fault_of_script(head, (size_t)len, buf, size);
	if (errnum != ENOEXEC)
		return NULL;
	if (len >= 3 && !memcmp(head, "\xef\xbb\xbf", 3))
		return "it begins with a byte order mark (UTF-8 BOM): \"#!\" must be its first two bytes";
	return len ? "it is no program of this machine, and as a script it needs a first line like #!/bin/sh" : "it is empty";
}

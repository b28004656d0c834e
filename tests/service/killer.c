/* SPDX-License-Identifier: Apache-2.0 */
/*
 * killer: SIGKILL for every process named NAME below a cgroup folder, again and again: what befalls the
 * active member of a service. (A warm standby is not named so: it has not executed its program yet.) They
 * are all found before one is killed: the successor runs sooner than the walk ends.
 *
 *   killer CGROUP-FOLDER NAME INTERVAL-MS SECONDS
 *
 * Prints {"rounds":N,"kills":N,"missed":N}; missed: rounds in which nobody was there to be killed.
 */
#include "service.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define VICTIMS_MAX 256

static const char *victim; /* nftw has no argument for its function */
static int found[VICTIMS_MAX];
static int n_found;

static int is_victim(int pid)
{
	char path[32], name[32] = "";

	snprintf(path, sizeof path, "/proc/%d/comm", pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	ssize_t n = read(fd, name, sizeof name - 1);
	close(fd);
	if (n > 0 && name[n - 1] == '\n')
		name[n - 1] = '\0';
	return !strcmp(name, victim);
}

static int visit(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	if (type != FTW_F || strcmp(path + ftw->base, "cgroup.procs"))
		return 0;
	FILE *f = fopen(path, "re");
	for (int pid; f && fscanf(f, "%d", &pid) == 1;)
		if (n_found < VICTIMS_MAX && is_victim(pid))
			found[n_found++] = pid;
	if (f)
		fclose(f);
	return 0;
}

static int kill_all(const char *folder)
{
	int killed = 0;

	n_found = 0;
	nftw(folder, visit, 16, FTW_PHYS);
	for (int i = 0; i < n_found; i++)
		killed += kill(found[i], SIGKILL) == 0;
	return killed;
}

int main(int argc, char **argv)
{
	long rounds = 0, kills = 0, missed = 0;

	if (argc != 5) {
		fprintf(stderr, "usage: killer CGROUP-FOLDER NAME INTERVAL-MS SECONDS\n");
		return 2;
	}
	victim = argv[2];
	int64_t interval = atoll(argv[3]) * 1000000, next = now_ns() + interval;
	int64_t end = now_ns() + (int64_t)(atof(argv[4]) * 1e9);
	for (; next < end; next += interval) {
		struct timespec t = { next / 1000000000, next % 1000000000 };

		while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
			;
		int killed = kill_all(argv[1]);
		rounds++;
		kills += killed;
		missed += !killed;
	}
	printf("{\"rounds\":%ld,\"kills\":%ld,\"missed\":%ld}\n", rounds, kills, missed);
	return 0;
}

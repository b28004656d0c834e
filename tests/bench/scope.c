/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scope: what systemd alone takes for a container's unit, which no runtime can do without: a process that sleeps is put
 * into a scope NAME.scope, with what makes it good for containers and nothing more, by one call over systemd's own
 * socket, and waited for until the job is done. Prints the microseconds from connecting to that.
 *   scope NAME
 * And what keeps the kernel's part of it out: who moves a process between cgroups waits for an RCU grace period, 2 to 25 ms
 * as chance has it, unless somebody has just done so. This one moves itself to where it is, again and again:
 *   scope --move CGROUP
 */
#include <fcntl.h>
#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "systemd/unit.h"

static long long now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

static int start(const char *unit, pid_t pid, struct err *e)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct systemd_properties p = { .arena = &a };
	struct systemd s;
	int r = systemd_open(&s, false, e);

	if (r < 0)
		return r;
	systemd_add(&p, (struct systemd_property){ "Slice", SYSTEMD_STRING, .data = "system.slice" });
	systemd_add(&p, (struct systemd_property){ "Delegate", SYSTEMD_BOOL, .number = 1 });
	r = systemd_start(&s, unit, pid, &p, e);
	systemd_close(&s);
	return r;
}

#define MOVE_EVERY_US 2000

static _Noreturn void move(const char *cgroup)
{
	char file[4096];

	snprintf(file, sizeof file, "%s/cgroup.procs", cgroup);
	int fd = open(file, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		err(1, "%s", file);
	for (;; usleep(MOVE_EVERY_US))
		if (write(fd, "0", 1) != 1)
			err(1, "%s", file);
}

int main(int argc, char **argv)
{
	struct err e = ERR_INIT;
	char unit[256];

	if (argc == 3 && !strcmp(argv[1], "--move"))
		move(argv[2]);
	if (argc != 2 || snprintf(unit, sizeof unit, "%s.scope", argv[1]) >= (int)sizeof unit)
		errx(2, "usage: scope NAME | scope --move CGROUP");
	pid_t child = fork();
	if (child < 0)
		err(1, "fork");
	while (child == 0)
		pause();
	long long began = now_us();
	int r = start(unit, child, &e);
	long long took_us = now_us() - began;
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	if (r < 0)
		errx(1, "%s", e.text);
	printf("%lld\n", took_us);
	return 0;
}

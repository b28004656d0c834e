/* SPDX-License-Identifier: Apache-2.0 */
/*
 * floor: what a takeover costs at the very least: a process blocked on a pipe stands by, its parent waits
 * for the pidfd of the active one, wakes up, writes a byte; the process executes `stamp`. With -f what
 * the kernel charges for a fence as well: each in a PID and mount namespace and a cgroup of its own, which
 * is killed and must say that it is empty before the byte is written.
 *
 *   floor [-f CGROUP-FOLDER] STAMP FILE LIFE-MS LAST
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct member {
	pid_t pid;
	int pidfd, gate;
	int cgroup, kill, events; /* -1 without a fence */
	char path[256];
};

static void die(const char *what)
{
	fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void make_cgroup(struct member *m, const char *dir, int generation)
{
	snprintf(m->path, sizeof m->path, "%s/floor.%d", dir, generation);
	if (mkdir(m->path, 0755) < 0 && errno != EEXIST)
		die(m->path);
	m->cgroup = open(m->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	m->kill = openat(m->cgroup, "cgroup.kill", O_WRONLY | O_CLOEXEC);
	m->events = openat(m->cgroup, "cgroup.events", O_RDONLY | O_CLOEXEC);
	if (m->kill < 0 || m->events < 0)
		die(m->path);
}

/* The standby: blocked until its byte comes. */
static void build(struct member *m, const char *dir, int generation, char **argv)
{
	struct clone_args args = { .flags = CLONE_PIDFD, .exit_signal = SIGCHLD };
	char env[48], byte, *const envp[] = { env, NULL };
	int gate[2];

	*m = (struct member){ .cgroup = -1, .kill = -1, .events = -1 };
	if (dir) {
		make_cgroup(m, dir, generation);
		args.flags |= CLONE_INTO_CGROUP | CLONE_NEWPID | CLONE_NEWNS;
		args.cgroup = (unsigned)m->cgroup;
	}
	if (pipe2(gate, O_CLOEXEC) < 0)
		die("pipe");
	args.pidfd = (uintptr_t)&m->pidfd;
	snprintf(env, sizeof env, "HART_GENERATION=%d", generation);
	m->pid = (pid_t)syscall(SYS_clone3, &args, sizeof args);
	if (m->pid < 0)
		die("clone3");
	if (m->pid == 0) {
		if (read(gate[0], &byte, 1) == 1)
			execve(argv[0], argv, envp);
		_exit(127);
	}
	close(gate[0]);
	m->gate = gate[1];
}

static int is_populated(const struct member *m)
{
	char text[64] = "";

	return pread(m->events, text, sizeof text - 1, 0) < 0 || !strstr(text, "populated 0");
}

static void fence(const struct member *m)
{
	struct pollfd p = { .fd = m->events, .events = POLLPRI };

	if (write(m->kill, "1", 1) != 1)
		die("cgroup.kill");
	while (is_populated(m))
		poll(&p, 1, -1);
}

static void discard(struct member *m)
{
	waitpid(m->pid, NULL, 0);
	close(m->pidfd);
	close(m->gate);
	if (m->cgroup < 0)
		return;
	close(m->cgroup);
	close(m->kill);
	close(m->events);
	if (rmdir(m->path) < 0)
		die(m->path);
}

static void wait_for(int epoll, const struct member *m)
{
	struct epoll_event ev = { .events = EPOLLIN };

	if (epoll_ctl(epoll, EPOLL_CTL_ADD, m->pidfd, &ev) < 0)
		die("epoll_ctl");
	while (epoll_wait(epoll, &ev, 1, -1) < 0 && errno == EINTR)
		;
	/* The standby has a copy until it executes: closing ours would not take it out. */
	epoll_ctl(epoll, EPOLL_CTL_DEL, m->pidfd, NULL);
}

static void run(const char *dir, char **argv, int last)
{
	struct member active, standby;
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	build(&active, dir, 1, argv);
	(void)!write(active.gate, "", 1);
	for (int g = 1; g <= last; g++) {
		if (g < last)
			build(&standby, dir, g + 1, argv);
		wait_for(epoll, &active);
		if (dir)
			fence(&active);
		if (g < last && write(standby.gate, "", 1) != 1)
			die("write");
		sched_yield(); /* it first */
		discard(&active);
		active = standby;
	}
}

int main(int argc, char **argv)
{
	const char *dir = NULL;

	for (int c; (c = getopt(argc, argv, "f:")) > 0;) {
		if (c != 'f')
			return 2;
		dir = optarg;
	}
	if (argc - optind != 4) {
		fprintf(stderr, "usage: floor [-f CGROUP-FOLDER] STAMP FILE LIFE-MS LAST\n");
		return 2;
	}
	run(dir, argv + optind, atoi(argv[optind + 3]));
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* act: commands that make a container's process do one thing. */
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static int act_exit(int argc, char **argv)
{
	(void)argc;
	return (int)parse_number(argv[1]);
}

static int act_raise(int argc, char **argv)
{
	(void)argc;
	kill(getpid(), (int)parse_number(argv[1]));
	pause();
	return 1;
}

static int act_print(int argc, char **argv)
{
	FILE *f = strcmp(argv[0], "eprint") == 0 ? stderr : stdout;

	for (int i = 1; i < argc; i++)
		fprintf(f, "%s\n", argv[i]);
	return fflush(f) == 0 ? 0 : 1;
}

static int act_write(int argc, char **argv)
{
	FILE *f = fopen(argv[1], "we");

	(void)argc;
	if (!f || fputs(argv[2], f) < 0 || fclose(f) != 0) {
		puts(errno_name(errno));
		return 1;
	}
	return 0;
}

static void sleep_forever(void)
{
	for (;;)
		pause();
}

static void ignore_by_handler(int sig)
{
	(void)sig;
}

/* Until SIGTERM, or for so many seconds. */
static int act_sleep(int argc, char **argv)
{
	struct timespec limit = { .tv_sec = argc > 1 ? parse_number(argv[1]) : 1 << 30 };
	sigset_t set;

	/* PID 1 of a namespace gets no signal that it leaves at the default. */
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	/* By which others see that it may come: while it is waited for it is not shown as blocked. */
	signal(SIGTERM, ignore_by_handler);
	/* A freeze of the cgroup interrupts it. */
	while (sigtimedwait(&set, NULL, &limit) < 0 && errno == EINTR)
		;
	return 0;
}

/* Ignores all that can be ignored: only SIGKILL ends it. */
static int act_stubborn(int argc, char **argv)
{
	for (int sig = 1; sig < 65; sig++)
		signal(sig, SIG_IGN);
	puts("ready");
	fflush(stdout);
	(void)argc;
	(void)argv;
	sleep_forever();
	return 0;
}

/* Prints the number of each signal that comes, ends at SIGTERM with status 0. */
static int act_signals(int argc, char **argv)
{
	sigset_t set;
	int sig;

	sigfillset(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	puts("ready");
	fflush(stdout);
	while (sigwait(&set, &sig) == 0 && sig != SIGTERM) {
		printf("%d\n", sig);
		fflush(stdout);
	}
	(void)argc;
	(void)argv;
	return 0;
}

static int act_eat(int argc, char **argv)
{
	size_t len = (size_t)parse_number(argv[1]);
	char *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)argc;
	if (p == MAP_FAILED) {
		puts(errno_name(errno));
		return 1;
	}
	for (size_t i = 0; i < len; i += 4096)
		p[i] = 1;
	puts("eaten");
	fflush(stdout);
	if (argc > 2)
		sleep_forever();
	return 0;
}

/* Tries to start N children at once, prints how many it could. */
static int act_fork(int argc, char **argv)
{
	long long want = parse_number(argv[1]), have = 0;
	pid_t parent = getpid();

	(void)argc;
	while (have < want) {
		pid_t pid = fork();

		if (pid == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			if (getppid() == parent)
				sleep_forever();
			_exit(0);
		}
		if (pid < 0)
			break;
		have++;
	}
	printf("%lld\n", have);
	return 0;
}

/* N children that nobody waits for, each in a session of its own; then sleeps until SIGTERM. */
static int act_family(int argc, char **argv)
{
	for (long long n = parse_number(argv[1]); n > 0; n--) {
		if (fork() == 0) {
			setsid();
			signal(SIGTERM, SIG_IGN);
			sleep_forever();
		}
	}
	puts("ready");
	fflush(stdout);
	return act_sleep(argc - 1, argv + 1);
}

static int act_spin(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	for (;;)
		__asm__ volatile("");
	return 0;
}

/* Listens on a unix socket and answers one client. */
static int act_listen(int argc, char **argv)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), c;

	(void)argc;
	snprintf(a.sun_path, sizeof a.sun_path, "%s", argv[1]);
	if (bind(s, (struct sockaddr *)&a, sizeof a) < 0 || listen(s, 1) < 0) {
		puts(errno_name(errno));
		return 1;
	}
	puts("ready");
	fflush(stdout);
	c = accept(s, NULL, NULL);
	return c >= 0 && write(c, "hello\n", 6) == 6 ? 0 : 1;
}

/* Into the process group of its parent. */
static int act_regroup(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	if (setpgid(0, getpgid(getppid())) < 0) {
		puts(errno_name(errno));
		return 1;
	}
	sleep_forever();
	return 1;
}

/* What LISTEN_FDS passed: writes a line into each of the descriptors. */
static int act_fds(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (dprintf((int)parse_number(argv[i]), "from fd %s\n", argv[i]) < 0) {
			printf("%s: %s\n", argv[i], errno_name(errno));
			return 1;
		}
	return 0;
}

const struct probe_command probe_act[] = {
	{ "exit", act_exit, 1, "STATUS" },
	{ "raise", act_raise, 1, "SIGNAL" },
	{ "print", act_print, 0, "TEXT...: one a line" },
	{ "eprint", act_print, 0, "TEXT...: to stderr" },
	{ "write", act_write, 2, "FILE TEXT" },
	{ "sleep", act_sleep, 0, "[SECONDS]: else until SIGTERM" },
	{ "stubborn", act_stubborn, 0, ": ignores signals, sleeps" },
	{ "signals", act_signals, 0, ": prints signals, ends at SIGTERM" },
	{ "eat", act_eat, 1, "BYTES [hold]: touches memory" },
	{ "fork", act_fork, 1, "N: prints how many children it got" },
	{ "family", act_family, 1, "N: N sleeping children, sleeps" },
	{ "regroup", act_regroup, 0, ": leaves its process group for its parent's, sleeps" },
	{ "spin", act_spin, 0, ": burns CPU" },
	{ "listen", act_listen, 1, "SOCKET: greets one client" },
	{ "fds", act_fds, 1, "FD...: writes a line into each" },
	{ 0 },
};

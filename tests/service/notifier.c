/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notifier: a member that talks to its supervisor through libsystemd alone. Its arguments are done in
 * order; what they find out goes to stdout. Linked dynamically: the library must be in the rootfs.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

static void check(int r, const char *what)
{
	if (r < 0) {
		printf("%s: %s\n", what, strerror(-r));
		exit(1);
	}
	if (r == 0)
		printf("%s: nobody listens\n", what);
}

static void do_ready(const char *arg)
{
	check(sd_notifyf(0, "READY=1\nSTATUS=%s", arg), "ready");
}

static void do_status(const char *arg)
{
	check(sd_notifyf(0, "STATUS=%s", arg), "status");
}

static void do_extend(const char *arg)
{
	check(sd_notifyf(0, "EXTEND_TIMEOUT_USEC=%s", arg), "extend");
}

/* Any text; "\n" is what the shell makes of it. */
static void do_raw(const char *arg)
{
	check(sd_notify(0, arg), "raw");
}

static void pause_ms(long ms)
{
	nanosleep(&(struct timespec){ ms / 1000, ms % 1000 * 1000000 }, NULL);
}

static void do_sleep(const char *arg)
{
	pause_ms(atol(arg));
}

/* Until the file is there. */
static void do_wait(const char *arg)
{
	while (access(arg, F_OK) < 0)
		pause_ms(5);
}

/* Feeds the watchdog as often, at half its interval. */
static void do_watchdog(const char *arg)
{
	uint64_t usec = 0;

	if (sd_watchdog_enabled(0, &usec) <= 0) {
		printf("watchdog off\n");
		return;
	}
	printf("watchdog %llu\n", (unsigned long long)usec);
	for (long i = 0; i < atol(arg); i++) {
		check(sd_notify(0, "WATCHDOG=1"), "watchdog");
		pause_ms((long)usec / 2000);
	}
}

/* store=NAME:CONTENT parks a memfd. */
static void do_store(const char *arg)
{
	const char *colon = strchr(arg, ':');
	char text[300];

	if (!colon)
		exit(2);
	int fd = memfd_create("state", MFD_CLOEXEC);
	if (fd < 0 || write(fd, colon + 1, strlen(colon + 1)) < 0)
		exit(1);
	snprintf(text, sizeof text, "FDSTORE=1\nFDNAME=%.*s", (int)(colon - arg), arg);
	check(sd_pid_notify_with_fds(0, 0, text, &fd, 1), "store");
	close(fd);
}

/* flood=N: N memfds, one a message. */
static void do_flood(const char *arg)
{
	char text[64];

	for (long i = 0; i < atol(arg); i++) {
		snprintf(text, sizeof text, "flood%ld:x", i);
		do_store(text);
	}
}

/* pipe=NAME[:FDPOLL] parks the read end of a pipe, whose other end then goes. */
static void do_pipe(const char *arg)
{
	const char *colon = strchr(arg, ':');
	char text[300];
	int ends[2];

	if (pipe(ends) < 0)
		exit(1);
	snprintf(text, sizeof text, "FDSTORE=1\nFDNAME=%.*s\nFDPOLL=%s", (int)strcspn(arg, ":"), arg,
		 colon ? colon + 1 : "1");
	check(sd_pid_notify_with_fds(0, 0, text, ends, 1), "pipe");
	check(sd_notify_barrier(0, 5000000), "barrier");
	close(ends[0]);
	close(ends[1]);
}

static void do_remove(const char *arg)
{
	check(sd_notifyf(0, "FDSTOREREMOVE=1\nFDNAME=%s", arg), "remove");
}

/* Returns when all that was sent before has been read. */
static void do_barrier(const char *arg)
{
	check(sd_notify_barrier(0, (uint64_t)atoll(arg) * 1000), "barrier");
}

/* "fd NAME socket" or "fd NAME CONTENT". */
static void do_list(const char *arg)
{
	char **names = NULL;
	int n = sd_listen_fds_with_names(0, &names);

	(void)arg;
	printf("fds %d\n", n);
	for (int i = 0; i < n; i++) {
		char text[64] = "socket";
		int fd = SD_LISTEN_FDS_START + i;

		if (sd_is_socket(fd, AF_UNSPEC, 0, -1) <= 0) {
			ssize_t len = pread(fd, text, sizeof text - 1, 0);
			text[len < 0 ? 0 : len] = '\0';
		}
		printf("fd %s %s\n", names[i], text);
		free(names[i]);
	}
	free(names);
}

static void do_env(const char *arg)
{
	const char *v = getenv(arg);

	printf("%s=%s\n", arg, v ? v : "");
}

static void do_exit(const char *arg)
{
	exit(atoi(arg));
}

static void do_hang(const char *arg)
{
	(void)arg;
	for (;;)
		pause();
}

/* NAME[=ARGUMENT] */
static const struct word {
	const char *name;
	void (*go)(const char *arg);
} words[] = {
	{ "ready", do_ready },	 { "status", do_status }, { "extend", do_extend }, { "raw", do_raw },
	{ "sleep", do_sleep },	 { "watchdog", do_watchdog }, { "store", do_store }, { "flood", do_flood },
	{ "pipe", do_pipe },	 { "wait", do_wait },
	{ "remove", do_remove }, { "barrier", do_barrier }, { "list", do_list }, { "env", do_env },
	{ "exit", do_exit },	 { "hang", do_hang },
};

static void do_word(const char *arg)
{
	size_t n = strcspn(arg, "=");

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strlen(words[i].name) == n && !strncmp(words[i].name, arg, n)) {
			words[i].go(arg[n] ? arg + n + 1 : "");
			return;
		}
	fprintf(stderr, "notifier: no such word: %s\n", arg);
	exit(2);
}

/* `first WORD... then WORD...`: the words after `first` are for generation 1 alone. */
int main(int argc, char **argv)
{
	const char *g = getenv("HART_GENERATION");
	int is_first = !g || !strcmp(g, "1"), on = 1;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "first"))
			on = is_first;
		else if (!strcmp(argv[i], "then"))
			on = 1;
		else if (on)
			do_word(argv[i]);
	}
	return 0;
}

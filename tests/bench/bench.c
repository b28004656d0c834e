/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench: times command sequences, interleaved A B C A B C …, so that drift hits all alike.
 *
 *   bench ROUNDS FILE
 *
 * A line of FILE is `NAME: STEP ; STEP …`. A step is a command, split at blanks, with {id} replaced by
 * a fresh ID and {pid} by a pid file's path. Steps count into the sum, but for those that begin with
 * `@`: `@wait` waits until the process in the pid file has ended, `@do CMD…` runs CMD untimed.
 * Prints a JSON line a name: median, p10 and p90 of the time that passed, in microseconds; the median of the CPU time,
 * of page faults and of context switches, all of the command and what it has waited for; peak RSS in KiB of the
 * commands themselves (from one more round before the others).
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_LINES 32
#define MAX_STEPS 8
#define MAX_ARGS 48

extern char **environ;

/* What a step costs. */
struct cost {
	long us, cpu_us, faults, switches;
};

enum { COSTS = sizeof(struct cost) / sizeof(long) };

struct line {
	char *name, *steps[MAX_STEPS];
	int n_steps;
	struct cost *costs; /* one a round */
	long peak_rss_kib;
};

static void die(const char *what, const char *which)
{
	fprintf(stderr, "bench: %s %s: %s\n", what, which, strerror(errno));
	exit(1);
}

static char *trim(char *s)
{
	s += strspn(s, " \t");
	for (size_t n = strlen(s); n && strchr(" \t\n", s[n - 1]);)
		s[--n] = '\0';
	return s;
}

static int read_lines(const char *path, struct line *lines, int rounds)
{
	FILE *f = fopen(path, "re");
	char *text = NULL;
	size_t cap = 0;
	int n = 0;

	if (!f)
		die("open", path);
	while (n < MAX_LINES && getline(&text, &cap, f) > 0) {
		char *colon = strchr(text, ':'), *save;
		if (*text == '#' || !colon)
			continue;
		*colon = '\0';
		struct line *l = &lines[n++];
		l->name = strdup(trim(text));
		l->costs = calloc((size_t)rounds, sizeof *l->costs);
		for (char *s = strtok_r(colon + 1, ";", &save); s && l->n_steps < MAX_STEPS;
		     s = strtok_r(NULL, ";", &save))
			l->steps[l->n_steps++] = strdup(trim(s));
	}
	free(text);
	fclose(f);
	return n;
}

/* Replaces {id} and {pid} in one word. */
static char *expand(const char *word, const char *id, const char *pid_file)
{
	static const char *const keys[] = { "{id}", "{pid}" };
	const char *const values[] = { id, pid_file };

	for (int k = 0; k < 2; k++) {
		const char *at = strstr(word, keys[k]);
		char *out;
		if (!at)
			continue;
		if (asprintf(&out, "%.*s%s%s", (int)(at - word), word, values[k],
			     at + strlen(keys[k])) < 0)
			die("expand", word);
		return out;
	}
	return strdup(word);
}

static void wait_for(const char *pid_file)
{
	FILE *f = fopen(pid_file, "re");
	int pid = 0;

	if (!f || fscanf(f, "%d", &pid) != 1)
		die("read", pid_file);
	fclose(f);
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (fd < 0)
		return; /* gone already */
	struct pollfd p = { .fd = fd, .events = POLLIN };
	if (poll(&p, 1, 10000) != 1)
		die("wait for", pid_file);
	close(fd);
}

/* VmHWM of a process, in KiB. */
static long peak_rss(pid_t pid)
{
	char path[32], line[128];
	long kib = 0;

	snprintf(path, sizeof path, "/proc/%d/status", pid);
	FILE *f = fopen(path, "re");
	while (f && fgets(line, sizeof line, f) && sscanf(line, "VmHWM: %ld", &kib) != 1)
		;
	if (f)
		fclose(f);
	return kib;
}

/*
 * Runs a command untimed and learns its peak RSS just before it exits. rusage would not do: its
 * figure begins with what this very program had at the time of the fork.
 */
static void measure_rss(char *const argv[], long *rss_kib)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		execvp(argv[0], argv);
		_exit(127);
	}
	waitpid(pid, &status, 0); /* stopped by execve */
	ptrace(PTRACE_SETOPTIONS, pid, NULL, (void *)(PTRACE_O_TRACEEXIT | PTRACE_O_EXITKILL));
	for (int sig = 0;;) {
		ptrace(PTRACE_CONT, pid, NULL, (void *)(long)sig);
		if (waitpid(pid, &status, 0) < 0 || !WIFSTOPPED(status))
			return;
		sig = WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status);
		if (status >> 8 == (SIGTRAP | PTRACE_EVENT_EXIT << 8)) {
			long kib = peak_rss(pid);
			*rss_kib = kib > *rss_kib ? kib : *rss_kib;
		}
	}
}

static long now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000L + t.tv_nsec / 1000;
}

static long in_us(struct timeval t)
{
	return t.tv_sec * 1000000L + t.tv_usec;
}

static struct cost run(char *const argv[], const char *name)
{
	long start = now_us();
	struct rusage used;
	int status;
	pid_t pid;
	int r = posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ);

	if (r) {
		errno = r;
		die("run", argv[0]);
	}
	if (wait4(pid, &status, 0, &used) < 0)
		die("wait for", argv[0]);
	long end = now_us();
	if (!WIFEXITED(status) || WEXITSTATUS(status)) {
		fprintf(stderr, "bench: %s: %s failed with status %#x\n", name, argv[0], status);
		exit(1);
	}
	return (struct cost){ end - start, in_us(used.ru_utime) + in_us(used.ru_stime), used.ru_minflt + used.ru_majflt,
			      used.ru_nvcsw + used.ru_nivcsw };
}

static struct cost do_step(struct line *l, const char *step, const char *id, const char *pid_file,
		    bool warm)
{
	char *copy = strdup(step), *save, *argv[MAX_ARGS] = { NULL };
	bool untimed = *step == '@';
	struct cost cost = { 0 };
	int n = 0;

	for (char *w = strtok_r(copy, " \t", &save); w && n < MAX_ARGS - 1;
	     w = strtok_r(NULL, " \t", &save))
		argv[n++] = expand(w, id, pid_file);
	if (!strcmp(argv[0], "@wait")) {
		wait_for(pid_file);
	} else if (untimed) {
		run(argv + 1, l->name);
	} else if (!warm) {
		measure_rss(argv, &l->peak_rss_kib);
	} else {
		cost = run(argv, l->name);
	}
	for (int i = 0; i < n; i++)
		free(argv[i]);
	free(copy);
	return cost;
}

static int by_value(const void *a, const void *b)
{
	long x = *(const long *)a, y = *(const long *)b;

	return (x > y) - (x < y);
}

/* The `percent`th of one kind of cost, by its place in the struct; sorts. */
static long percentile(const struct line *l, int rounds, int kind, int percent)
{
	long *v = calloc((size_t)rounds, sizeof *v);

	for (int i = 0; i < rounds; i++)
		v[i] = ((const long *)&l->costs[i])[kind];
	qsort(v, (size_t)rounds, sizeof *v, by_value);
	long ret = v[rounds * percent / 100];
	free(v);
	return ret;
}

int main(int argc, char **argv)
{
	static struct line lines[MAX_LINES];
	char pid_file[] = "/tmp/bench-pid-XXXXXX", id[32];

	if (argc != 3 || atoi(argv[1]) < 1) {
		fprintf(stderr, "usage: bench ROUNDS FILE\n");
		return 2;
	}
	int rounds = atoi(argv[1]), n = read_lines(argv[2], lines, rounds), fd = mkstemp(pid_file);
	if (fd < 0)
		die("make", pid_file);
	close(fd);
	for (int warm = 0, round = -1; round < rounds; round++, warm = 1)
		for (int i = 0; i < n; i++) {
			struct cost sum = { 0 };
			snprintf(id, sizeof id, "b%d-%d-%d", getpid(), round + 1, i);
			for (int s = 0; s < lines[i].n_steps; s++) {
				struct cost c = do_step(&lines[i], lines[i].steps[s], id, pid_file, warm);
				for (int k = 0; k < COSTS; k++)
					((long *)&sum)[k] += ((long *)&c)[k];
			}
			if (warm)
				lines[i].costs[round] = sum;
		}
	unlink(pid_file);
	for (int i = 0; i < n; i++) {
		struct line *l = &lines[i];
		printf("{\"name\":\"%s\",\"rounds\":%d,\"median_us\":%ld,\"p10_us\":%ld,\"p90_us\":%ld,"
		       "\"cpu_us\":%ld,\"faults\":%ld,\"switches\":%ld,\"peak_rss_kib\":%ld}\n", l->name, rounds,
		       percentile(l, rounds, 0, 50), percentile(l, rounds, 0, 10), percentile(l, rounds, 0, 90),
		       percentile(l, rounds, 1, 50), percentile(l, rounds, 2, 50), percentile(l, rounds, 3, 50), l->peak_rss_kib);
	}
	return 0;
}

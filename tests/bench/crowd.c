/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crowd: what many cost.
 *
 *   crowd at-once N ROUNDS FILE    N of a command started at the same moment, until the last one has ended. A line of FILE
 *                                  is NAME: COMMAND, split at blanks, {} replaced by a fresh ID; the lines take turns.
 *   crowd growth N EDGE COMMAND…   N of the command one after the other: the first EDGE beside the last EDGE.
 *
 * Prints a JSON line each: medians, in microseconds, of the time that passed and of the CPU time of all that was waited for.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_LINES 16
#define MAX_ARGS 48
#define MAX_MANY 2000

extern char **environ;

static posix_spawn_file_actions_t quiet;

static void die(const char *what)
{
	fprintf(stderr, "crowd: %s: %s\n", what, strerror(errno));
	exit(1);
}

static long now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static long cpu_us(void)
{
	struct rusage u;

	getrusage(RUSAGE_CHILDREN, &u);
	return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000 + u.ru_utime.tv_usec + u.ru_stime.tv_usec;
}

static int by_size(const void *a, const void *b)
{
	long x = *(const long *)a, y = *(const long *)b;

	return x < y ? -1 : x > y;
}

static long median(long *values, int n)
{
	qsort(values, (size_t)n, sizeof *values, by_size);
	return values[n / 2];
}

static pid_t start(char *const words[])
{
	static unsigned serial;
	char *argv[MAX_ARGS + 1], id[32];
	pid_t pid;
	int n = 0;

	snprintf(id, sizeof id, "crowd-%d-%u", getpid(), serial++);
	for (; words[n]; n++)
		argv[n] = strcmp(words[n], "{}") ? words[n] : id;
	argv[n] = NULL;
	errno = posix_spawnp(&pid, argv[0], &quiet, NULL, argv, environ);
	if (errno)
		die(argv[0]);
	return pid;
}

static void finish(pid_t pid, const char *what)
{
	int status;

	if (waitpid(pid, &status, 0) < 0)
		die("wait");
	if (!WIFEXITED(status) || WEXITSTATUS(status)) {
		fprintf(stderr, "crowd: %s failed\n", what);
		exit(1);
	}
}

/* -- at once ------------------------------------------------------------------------------- */

struct line {
	char *name, *words[MAX_ARGS + 1];
	long *us, *cpu;
};

static int read_file(const char *path, struct line *lines, int rounds)
{
	FILE *f = fopen(path, "re");
	char *text = NULL;
	size_t cap = 0;
	int n = 0;

	if (!f)
		die(path);
	for (; n < MAX_LINES && getline(&text, &cap, f) > 0; n++) {
		char *save, *at = strdup(text);
		struct line *l = &lines[n];
		int k = 0;
		l->name = strtok_r(at, ":", &save);
		while (k < MAX_ARGS && (l->words[k] = strtok_r(NULL, " \n", &save)))
			k++;
		l->us = calloc((size_t)rounds, sizeof *l->us);
		l->cpu = calloc((size_t)rounds, sizeof *l->cpu);
	}
	free(text);
	fclose(f);
	return n;
}

static void crowd(struct line *l, int many, int round)
{
	static pid_t pids[MAX_MANY];
	long us = now_us(), cpu = cpu_us();

	for (int i = 0; i < many; i++)
		pids[i] = start(l->words);
	for (int i = 0; i < many; i++)
		finish(pids[i], l->name);
	l->us[round] = now_us() - us;
	l->cpu[round] = cpu_us() - cpu;
}

static void at_once(int many, int rounds, const char *path)
{
	struct line lines[MAX_LINES] = { 0 };
	int n = read_file(path, lines, rounds);

	for (int round = 0; round < rounds; round++)
		for (int i = 0; i < n; i++)
			crowd(&lines[i], many, round);
	for (int i = 0; i < n; i++)
		printf("{\"name\": \"%s\", \"at_once\": %d, \"median_us\": %ld, \"cpu_us\": %ld}\n", lines[i].name, many,
		       median(lines[i].us, rounds), median(lines[i].cpu, rounds));
}

/* -- growth -------------------------------------------------------------------------------- */

static void growth(int many, int edge, char *const words[])
{
	static long us[MAX_MANY], cpu[MAX_MANY];

	for (int i = 0; i < many; i++) {
		long us_before = now_us(), cpu_before = cpu_us();
		finish(start(words), words[0]);
		us[i] = now_us() - us_before;
		cpu[i] = cpu_us() - cpu_before;
	}
	int last = many - edge;
	printf("{\"many\": %d, \"edge\": %d, \"first_us\": %ld, \"last_us\": %ld, \"first_cpu_us\": %ld, \"last_cpu_us\": %ld}\n",
	       many, edge, median(us, edge), median(us + last, edge), median(cpu, edge), median(cpu + last, edge));
}

int main(int argc, char **argv)
{
	int many = argc > 2 ? atoi(argv[2]) : 0, more = argc > 3 ? atoi(argv[3]) : 0;

	if (argc < 5 || many < 1 || many > MAX_MANY || more < 1)
		return 2;
	posix_spawn_file_actions_init(&quiet);
	posix_spawn_file_actions_addopen(&quiet, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
	if (!strcmp(argv[1], "at-once"))
		at_once(many, more, argv[4]);
	else if (more <= many && argc - 4 <= MAX_ARGS)
		growth(many, more, argv + 4);
	return 0;
}

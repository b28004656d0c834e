/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alone: a server and its client in one thread, so that nothing but the kernel's work for a request is measured, whatever
 * else the machine does. Opens its port, then asks itself: connect, accept, a request, an answer, both closed. Prints what a
 * request takes in ns, the tenth percentile and the median of batches, and the same of one system call.
 *
 *   alone [-n BATCHES] ADDRESS
 */
#include "service.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define A_BATCH 20
#define CALLS_A_BATCH 100
#define REQUEST 100
#define ANSWER 300

static void must(bool is_true, const char *what)
{
	if (!is_true)
		die(what);
}

static void ask_myself(int listener, const struct address *to)
{
	static char text[1024];
	int client = socket(to->sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	must(connect(client, (const struct sockaddr *)&to->sa, to->len) == 0, "connect");
	int server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	must(server >= 0, "accept");
	must(send(client, text, REQUEST, 0) == REQUEST && recv(server, text, sizeof text, 0) == REQUEST, "ask");
	must(send(server, text, ANSWER, 0) == ANSWER, "answer");
	close(server);
	must(recv(client, text, sizeof text, 0) == ANSWER, "read the answer");
	close(client);
}

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void print_times(const char *name, int64_t *ns, long n, int per)
{
	qsort(ns, (size_t)n, sizeof *ns, by_size);
	printf("\"%s\":{\"p10\":%.1f,\"p50\":%.1f}", name, (double)ns[n / 10] / per, (double)ns[n / 2] / per);
}

int main(int argc, char **argv)
{
	long n = 1000;
	struct address to;

	for (int c; (c = getopt(argc, argv, "n:")) > 0;)
		n = c == 'n' ? atol(optarg) : 0;
	if (optind + 1 != argc || n < 1) {
		fprintf(stderr, "usage: alone [-n BATCHES] ADDRESS\n");
		return 2;
	}
	int64_t *requests = calloc((size_t)n, sizeof *requests), *calls = calloc((size_t)n, sizeof *calls);
	must(requests && calls, "memory");
	parse_address(argv[optind], &to);
	int listener = listen_at(argv[optind]);
	for (long i = 0; i < n; i++) {
		int64_t began = now_ns();
		for (int k = 0; k < A_BATCH; k++)
			ask_myself(listener, &to);
		int64_t asked = now_ns();
		for (int k = 0; k < CALLS_A_BATCH; k++)
			syscall(SYS_getppid);
		requests[i] = asked - began;
		calls[i] = now_ns() - asked;
	}
	putchar('{');
	print_times("request_ns", requests, n, A_BATCH);
	putchar(',');
	print_times("call_ns", calls, n, CALLS_A_BATCH);
	puts("}");
	return 0;
}

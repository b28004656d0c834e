/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load: a closed loop of N clients against `web`: each connects, asks, reads the answer to its end and
 * begins anew. Prints what became of the requests, latencies and the longest time without an answer, as
 * JSON. A client that was refused, reset or timed out tries again a millisecond later, or after RETRY-US.
 *
 *   load [-c CLIENTS] [-d SECONDS] [-t TIMEOUT-MS] [-p PAUSE-US] [-r RETRY-US] [-s SLOT-FILE] [-w FILE] ADDRESS [PATH]
 *   load -a TURN-MS [-c CLIENTS] [-d SECONDS] ADDRESS ADDRESS...
 *
 * -w: FILE gets a line whenever another instance of `web` answers than before: CLOCK_REALTIME of its answer in ns.
 * -a: asks one address after the other, each for so long, and prints a line a round: how often each has answered. What
 * the machine does meanwhile meets all of them, so that small differences show.
 */
#include "service.h"
#include "stats.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define MAX_CLIENTS 1024
#define SLOT_NS 100000000
#define MAX_ADDRESSES 16

struct client {
	int fd; /* -1: waits until due_ns to connect, else due_ns is its deadline */
	int asks; /* which address */
	bool sent;
	int64_t began_ns, due_ns;
	size_t len;
	char text[2048];
};

struct load {
	struct address to[MAX_ADDRESSES];
	long answered[MAX_ADDRESSES]; /* in this round */
	int n_to, turn;
	int64_t turn_ns, turn_end_ns; /* 0: one address */
	char request[512];
	size_t request_len;
	int epoll;
	struct client clients[MAX_CLIENTS];
	int n_clients;
	int64_t end_ns, timeout_ns, pause_ns, retry_ns;
	struct stats stats;
	FILE *changes;
	char instance[32]; /* who answered last */
};

static volatile sig_atomic_t interrupted;

static void on_signal(int sig)
{
	(void)sig;
	interrupted = 1;
}

static void note_instance(struct load *l, const char *text)
{
	const char *at = strstr(text, "\"start_ns\":");
	struct timespec now;

	if (!at || !strncmp(at, l->instance, sizeof l->instance - 1))
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	memcpy(l->instance, at, strnlen(at, sizeof l->instance - 1));
	fprintf(l->changes, "%lld\n", now.tv_sec * 1000000000LL + now.tv_nsec);
}

static void finish(struct load *l, struct client *c, enum outcome o)
{
	int64_t now = now_ns();

	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	l->answered[c->asks] += o == DONE;
	c->due_ns = now + (o == DONE ? l->pause_ns : l->retry_ns);
	c->text[c->len] = '\0';
	if (o == DONE && l->changes)
		note_instance(l, c->text);
	stats_add(&l->stats, o, c->began_ns, now, c->text);
}

static enum outcome outcome_of(int err)
{
	switch (err) {
	case ECONNREFUSED:
	case ENOENT: /* unix */
		return REFUSED;
	case ECONNRESET:
	case EPIPE:
	case 0: /* closed before the answer */
		return RESET;
	case ETIMEDOUT:
		return TIMED_OUT;
	default:
		return BROKEN;
	}
}

static void begin(struct load *l, struct client *c)
{
	int64_t now = now_ns();
	struct epoll_event ev = { .events = EPOLLOUT, .data.ptr = c };
	const struct address *to = &l->to[l->turn];

	*c = (struct client){ .fd = -1, .asks = l->turn, .began_ns = now, .due_ns = now + l->timeout_ns };
	c->fd = socket(to->sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (c->fd < 0)
		die("socket");
	if (connect(c->fd, (const struct sockaddr *)&to->sa, to->len) < 0 && errno != EINPROGRESS) {
		/* unix: the backlog is full; a blocking client would wait. */
		if (errno == EAGAIN) {
			close(c->fd);
			c->fd = -1;
			c->due_ns = now + l->retry_ns;
			return;
		}
		finish(l, c, outcome_of(errno));
		return;
	}
	if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, c->fd, &ev) < 0)
		die("epoll_ctl");
}

static void send_request(struct load *l, struct client *c)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = c };
	int err = 0;
	socklen_t len = sizeof err;

	if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0 || err) {
		finish(l, c, outcome_of(err));
		return;
	}
	if (send(c->fd, l->request, l->request_len, MSG_NOSIGNAL) != (ssize_t)l->request_len) {
		finish(l, c, outcome_of(errno));
		return;
	}
	c->sent = true;
	epoll_ctl(l->epoll, EPOLL_CTL_MOD, c->fd, &ev);
}

/* The answer is whole when it has as much as Content-Length says. */
/* Of 1.0 as well: Python's server speaks it. */
static bool is_ok(const char *text)
{
	return !strncmp(text, "HTTP/1.", 7) && !strncmp(text + 8, " 200 ", 5);
}

static bool is_whole(const struct client *c)
{
	const char *end = strstr(c->text, "\r\n\r\n"), *length = strcasestr(c->text, "Content-Length: ");

	return end && length && length < end &&
	       c->len >= (size_t)(end + 4 - c->text) + (size_t)atol(length + 16);
}

static void read_answer(struct load *l, struct client *c)
{
	ssize_t n = read(c->fd, c->text + c->len, sizeof c->text - 1 - c->len);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n > 0) {
		c->len += (size_t)n;
		c->text[c->len] = '\0';
		if (c->len < sizeof c->text - 1 && !is_whole(c))
			return;
	}
	if (n < 0)
		finish(l, c, outcome_of(errno));
	else if (is_whole(c))
		finish(l, c, is_ok(c->text) ? DONE : BROKEN);
	else
		finish(l, c, n == 0 ? RESET : BROKEN);
}

/* Begins and gives up what is due; ms until the next. */
static int on_time(struct load *l)
{
	int64_t now = now_ns(), next = l->end_ns;

	for (int i = 0; i < l->n_clients; i++) {
		struct client *c = &l->clients[i];
		if (c->due_ns <= now && c->fd >= 0)
			finish(l, c, TIMED_OUT);
		if (c->due_ns <= now && c->fd < 0)
			begin(l, c);
		if (c->due_ns < next)
			next = c->due_ns;
	}
	return next <= now ? 0 : (int)((next - now + 999999) / 1000000);
}

static void print_round(struct load *l)
{
	for (int i = 0; i < l->n_to; i++)
		printf("%ld%c", l->answered[i], i + 1 < l->n_to ? ' ' : '\n');
	memset(l->answered, 0, sizeof l->answered);
}

static void take_turns(struct load *l)
{
	if (!l->turn_ns || now_ns() < l->turn_end_ns)
		return;
	l->turn_end_ns += l->turn_ns;
	l->turn = (l->turn + 1) % l->n_to;
	if (!l->turn)
		print_round(l);
}

static void run(struct load *l)
{
	struct epoll_event ev[64];

	while (!interrupted && now_ns() < l->end_ns) {
		take_turns(l);
		int n = epoll_wait(l->epoll, ev, 64, on_time(l));
		for (int i = 0; i < n; i++) {
			struct client *c = ev[i].data.ptr;
			if (c->sent)
				read_answer(l, c);
			else
				send_request(l, c);
		}
	}
}

static void prepare(struct load *l, char **to, const char *path, double seconds)
{
	for (int i = 0; i < l->n_to; i++)
		parse_address(to[i], &l->to[i]);
	l->request_len = (size_t)snprintf(l->request, sizeof l->request,
					  "GET %s HTTP/1.1\r\nHost: load\r\nConnection: close\r\n\r\n",
					  path);
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (l->epoll < 0)
		die("epoll");
	for (int i = 0; i < l->n_clients; i++)
		l->clients[i].fd = -1;
	int64_t now = now_ns(), duration_ns = (int64_t)(seconds * 1e9);
	l->end_ns = now + duration_ns;
	l->turn_end_ns = now + l->turn_ns;
	stats_init(&l->stats, now, duration_ns, SLOT_NS);
	sigaction(SIGTERM, &(struct sigaction){ .sa_handler = on_signal }, NULL);
	sigaction(SIGINT, &(struct sigaction){ .sa_handler = on_signal }, NULL);
}

int main(int argc, char **argv)
{
	static struct load l;
	const char *slots = NULL;
	double seconds = 10;

	l.n_clients = 8;
	l.timeout_ns = 5000000000;
	l.retry_ns = 1000000;
	for (int c; (c = getopt(argc, argv, "a:c:d:t:p:r:s:w:")) > 0;) {
		switch (c) {
		case 'a':
			l.turn_ns = atoll(optarg) * 1000000;
			break;
		case 'c':
			l.n_clients = atoi(optarg);
			break;
		case 'd':
			seconds = atof(optarg);
			break;
		case 't':
			l.timeout_ns = atoll(optarg) * 1000000;
			break;
		case 'p':
			l.pause_ns = atoll(optarg) * 1000;
			break;
		case 'r':
			l.retry_ns = atoll(optarg) * 1000;
			break;
		case 's':
			slots = optarg;
			break;
		case 'w':
			l.changes = fopen(optarg, "we");
			if (!l.changes)
				die(optarg);
			setlinebuf(l.changes);
			break;
		default:
			argc = 0;
		}
	}
	l.n_to = l.turn_ns ? argc - optind : 1;
	if (optind >= argc || l.n_clients < 1 || l.n_clients > MAX_CLIENTS || l.n_to > MAX_ADDRESSES) {
		fprintf(stderr, "usage: load [-c CLIENTS] [-d SECONDS] [-t TIMEOUT-MS] [-p PAUSE-US] "
				"[-r RETRY-US] [-s SLOT-FILE] [-w FILE] ADDRESS [PATH]\n"
				"       load -a TURN-MS [-c CLIENTS] [-d SECONDS] ADDRESS ADDRESS...\n");
		return 2;
	}
	prepare(&l, argv + optind, !l.turn_ns && optind + 1 < argc ? argv[optind + 1] : "/", seconds);
	run(&l);
	if (l.turn_ns)
		return 0;
	stats_print(&l.stats, now_ns());
	if (slots)
		stats_print_slots(&l.stats, slots);
	return 0;
}

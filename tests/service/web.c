/* SPDX-License-Identifier: Apache-2.0 */
/*
 * web: a small HTTP server to be a member of a service. Takes its sockets by LISTEN_FDS or listens itself
 * (-l); answers each request with who it is, closes the connection, and misbehaves where a path asks for
 * it (routes[]). Says READY=1 and WATCHDOG=1 itself. SIGTERM: answers what it has accepted, then ends.
 *
 *   web [-l tcp:HOST:PORT|unix:PATH] [-d MS: ready after] [-n: never ready] [-x STATUS: exit at once]
 *       [-w FILE: gets a line: the generation, and "twice" when another one that did this is alive]
 */
#include "service.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#define MAX_LISTENERS 16
#define MAX_CLIENTS 512

struct client {
	int fd; /* -1: free */
	size_t len;
	char request[1024];
};

struct web {
	int epoll, signals;
	int listeners[MAX_LISTENERS];
	int n_listeners;
	struct client clients[MAX_CLIENTS];
	int n_clients;
	long served;
	int64_t start_ns, watchdog_ns, next_watchdog_ns, ready_ns; /* 0: off */
	bool ending, sick;
};

/* What epoll gives back: kind in the upper half, index in the lower. */
enum what { A_LISTENER, A_CLIENT, A_SIGNAL };

static void watch(struct web *w, int fd, enum what what, int index)
{
	struct epoll_event ev = { .events = EPOLLIN,
				  .data.u64 = (uint64_t)what << 32 | (uint32_t)index };

	if (epoll_ctl(w->epoll, EPOLL_CTL_ADD, fd, &ev) < 0)
		die("epoll_ctl");
}

static void pause_ms(long ms)
{
	nanosleep(&(struct timespec){ ms / 1000, ms % 1000 * 1000000 }, NULL);
}

/* --- misbehaviour -------------------------------------------------------------------------------- */

static void do_crash(struct web *w, long n)
{
	(void)w;
	(void)n;
	__builtin_trap();
}

static void do_hang(struct web *w, long n)
{
	(void)w;
	(void)n;
	for (;;)
		pause();
}

static void do_exit(struct web *w, long n)
{
	(void)w;
	_exit((int)n);
}

static void do_leak(struct web *w, long n)
{
	size_t chunk = 1 << 20;

	(void)w;
	for (long i = 0; !n || i < n; i++) {
		char *p = mmap(NULL, chunk, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (p == MAP_FAILED)
			_exit(99);
		memset(p, 1, chunk);
	}
}

static void do_stop_watchdog(struct web *w, long n)
{
	(void)n;
	w->watchdog_ns = 0;
}

static void do_slow(struct web *w, long n)
{
	(void)w;
	pause_ms(n);
}

static void do_sick(struct web *w, long n)
{
	(void)n;
	w->sick = true;
}

/* A process that outlives its parent where they do not share a PID namespace, deaf to SIGTERM. */
static void do_fork(struct web *w, long n)
{
	(void)w;
	(void)n;
	if (fork() == 0) {
		prctl(PR_SET_NAME, "web-child");
		close_range(3, ~0U, 0); /* the client waits for the end of its connection */
		signal(SIGTERM, SIG_IGN);
		for (;;)
			pause();
	}
}

/* `/path?N`; what does not end is answered afterwards. */
static const struct route {
	const char *path;
	void (*go)(struct web *w, long n);
} routes[] = {
	{ "/crash", do_crash },
	{ "/hang", do_hang },
	{ "/exit", do_exit },
	{ "/leak", do_leak },
	{ "/stop-watchdog", do_stop_watchdog },
	{ "/slow", do_slow },
	{ "/sick", do_sick },
	{ "/fork", do_fork },
};

static void take_route(struct web *w, const char *path)
{
	for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
		size_t n = strlen(routes[i].path);
		if (!strncmp(path, routes[i].path, n) && strchr("? ", path[n]))
			routes[i].go(w, path[n] == '?' ? atol(path + n + 1) : 0);
	}
}

/* --- serving ------------------------------------------------------------------------------------- */

static const char *env(const char *name, const char *otherwise)
{
	const char *v = getenv(name);

	return v ? v : otherwise;
}

static int who(struct web *w, char *text, size_t size)
{
	char host[HOST_NAME_MAX + 1] = "";

	gethostname(host, sizeof host - 1);
	return snprintf(text, size,
			"{\"member\":\"%s\",\"generation\":%ld,\"pid\":%d,\"start_ns\":%lld,"
			"\"served\":%ld,\"hostname\":\"%s\"}\n",
			env("HART_MEMBER", ""), atol(env("HART_GENERATION", "0")), getpid(),
			(long long)w->start_ns, ++w->served, host);
}

static void answer(struct web *w, struct client *c)
{
	char body[512], text[1024];

	int n = who(w, body, sizeof body);
	n = snprintf(text, sizeof text,
		     "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n"
		     "Connection: close\r\n\r\n%s",
		     w->sick ? "503 Service Unavailable" : "200 OK", n, body);
	/* A client that has gone is its own affair. */
	(void)!send(c->fd, text, (size_t)n, MSG_NOSIGNAL);
}

static void drop(struct web *w, struct client *c)
{
	close(c->fd);
	c->fd = -1;
	w->n_clients--;
}

static void on_client(struct web *w, struct client *c)
{
	ssize_t n = read(c->fd, c->request + c->len, sizeof c->request - 1 - c->len);

	if (n <= 0) {
		drop(w, c);
		return;
	}
	c->len += (size_t)n;
	c->request[c->len] = '\0';
	if (!strstr(c->request, "\r\n\r\n") && c->len < sizeof c->request - 1)
		return;
	if (!strncmp(c->request, "GET ", 4))
		take_route(w, c->request + 4);
	answer(w, c);
	drop(w, c);
}

static void on_datagram(struct web *w, int s)
{
	char text[512];
	struct address from = { .len = sizeof from.sa };

	if (recvfrom(s, text, sizeof text, MSG_DONTWAIT, (struct sockaddr *)&from.sa, &from.len) < 0)
		return;
	int n = who(w, text, sizeof text);
	(void)!sendto(s, text, (size_t)n, MSG_DONTWAIT, (struct sockaddr *)&from.sa, from.len);
}

static void on_listener(struct web *w, int s)
{
	int type, i;
	socklen_t len = sizeof type;

	if (getsockopt(s, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_DGRAM) {
		on_datagram(w, s);
		return;
	}
	for (i = 0; i < MAX_CLIENTS && w->clients[i].fd >= 0; i++)
		;
	if (i == MAX_CLIENTS)
		return; /* the backlog keeps them */
	int fd = accept4(s, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return;
	w->clients[i] = (struct client){ .fd = fd };
	w->n_clients++;
	watch(w, fd, A_CLIENT, i);
}

/* --- life ---------------------------------------------------------------------------------------- */

static void on_signal(struct web *w)
{
	notify("STOPPING=1\n");
	for (int i = 0; i < w->n_listeners; i++)
		epoll_ctl(w->epoll, EPOLL_CTL_DEL, w->listeners[i], NULL);
	epoll_ctl(w->epoll, EPOLL_CTL_DEL, w->signals, NULL);
	w->ending = true;
}

/* Sends what is due; ms until the next, -1 for none. */
static int on_time(struct web *w)
{
	int64_t now = now_ns(), next = 0;

	if (w->ready_ns && now >= w->ready_ns) {
		char text[128];
		snprintf(text, sizeof text, "READY=1\nSTATUS=serving as %s\nMAINPID=%d\n",
			 env("HART_MEMBER", "nobody"), getpid());
		if (notify(text) < 0)
			fprintf(stderr, "web: notify: %s\n", strerror(errno));
		w->ready_ns = 0;
	}
	if (w->watchdog_ns && now >= w->next_watchdog_ns) {
		notify("WATCHDOG=1\n");
		w->next_watchdog_ns = now + w->watchdog_ns;
	}
	if (w->watchdog_ns)
		next = w->next_watchdog_ns;
	if (w->ready_ns && (!next || w->ready_ns < next))
		next = w->ready_ns;
	return next ? (int)((next - now + 999999) / 1000000) : -1;
}

static void prepare(struct web *w, const char *where, long ready_after_ms)
{
	const char *usec = getenv("WATCHDOG_USEC");
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	w->epoll = epoll_create1(EPOLL_CLOEXEC);
	w->signals = signalfd(-1, &set, SFD_CLOEXEC);
	if (w->epoll < 0 || w->signals < 0)
		die("prepare");
	watch(w, w->signals, A_SIGNAL, 0);
	for (int i = 0; i < MAX_CLIENTS; i++)
		w->clients[i].fd = -1;
	int n = inherited_fds();
	for (int i = 0; i < n && i < MAX_LISTENERS; i++)
		w->listeners[w->n_listeners++] = 3 + i;
	if (!n)
		w->listeners[w->n_listeners++] = listen_at(where);
	for (int i = 0; i < w->n_listeners; i++)
		watch(w, w->listeners[i], A_LISTENER, i);
	w->start_ns = now_ns();
	w->ready_ns = ready_after_ms < 0 ? 0 : w->start_ns + ready_after_ms * 1000000;
	w->watchdog_ns = usec ? atoll(usec) * 1000 / 2 : 0;
}

static void serve(struct web *w)
{
	struct epoll_event ev[64];

	while (!w->ending || w->n_clients) {
		int n = epoll_wait(w->epoll, ev, 64, on_time(w));
		for (int i = 0; i < n; i++) {
			int index = (int)(uint32_t)ev[i].data.u64;
			switch ((enum what)(ev[i].data.u64 >> 32)) {
			case A_LISTENER:
				if (!w->ending)
					on_listener(w, w->listeners[index]);
				break;
			case A_CLIENT:
				on_client(w, &w->clients[index]);
				break;
			case A_SIGNAL:
				on_signal(w);
				break;
			}
		}
	}
}

/* Holds the lock until its end. */
static void bear_witness(const char *path)
{
	const char *generation = getenv("HART_GENERATION");
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

	if (fd < 0)
		err(1, "%s", path);
	bool alone = flock(fd, LOCK_EX | LOCK_NB) == 0;
	dprintf(fd, "%s%s\n", generation ? generation : "0", alone ? "" : " twice");
}

int main(int argc, char **argv)
{
	static struct web w;
	const char *where = "tcp::8080";
	long ready_after_ms = 0;

	for (int c; (c = getopt(argc, argv, "l:d:nw:x:")) > 0;) {
		switch (c) {
		case 'l':
			where = optarg;
			break;
		case 'd':
			ready_after_ms = atol(optarg);
			break;
		case 'n':
			ready_after_ms = -1;
			break;
		case 'w':
			bear_witness(optarg);
			break;
		case 'x':
			return atoi(optarg);
		default:
			fprintf(stderr, "usage: web [-l ADDRESS] [-d MS] [-n] [-w FILE] [-x STATUS]\n");
			return 2;
		}
	}
	prepare(&w, where, ready_after_ms);
	serve(&w);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* guardian: see guardian.h. */
#include "guardian.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "keep.h"
#include "shim.h"
#include "statefile.h"

#define CRASHES_MAX 20 /* within CRASHES_S: from then on with pauses */
#define CRASHES_S 60
#define CRASH_PAUSE_MS 1000

struct guardian {
	struct shim_start *start;
	int fd, signal_fd; /* to the worker */
	pid_t worker;
	time_t crashes[CRASHES_MAX];
	unsigned n_crashes;
};

static void guardian_put(int *slot, int fd)
{
	if (*slot)
		close(*slot - 1);
	*slot = fd < 0 ? 0 : fd + 1;
}

static void keep(struct ledger *l, const struct keep *k, int fd)
{
	if (k->connection >= 0 && k->connection < CONNECTIONS_MAX) {
		guardian_put(&l->connections[k->connection], fd);
		return;
	}
	if (k->record >= 0 && k->record < RECORDS_MAX && k->what >= 0 && k->what < KEPT_FDS) {
		guardian_put(&l->kept[k->record][k->what], fd);
		return;
	}
	for (int i = 0; i < KEPT_FDS && k->record >= 0 && k->record < RECORDS_MAX; i++)
		guardian_put(&l->kept[k->record][i], -1);
	fd_close(&fd);
}

/* False when there is nothing to be received now. */
static bool guardian_receive(struct guardian *g)
{
	union rights control = { 0 };
	struct keep k;
	struct iovec data = { &k, sizeof k };
	struct msghdr m = { .msg_iov = &data, .msg_iovlen = 1, .msg_control = &control,
			    .msg_controllen = sizeof control };
	ssize_t n = recvmsg(g->fd, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	int fd = FD_NONE;

	if (n <= 0)
		return false;
	if (m.msg_controllen >= sizeof control.head && control.head.cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(&control.head), sizeof fd);
	if (n == (ssize_t)sizeof k)
		keep(g->start->ledger, &k, fd);
	else
		fd_close(&fd);
	return true;
}

static struct record *record_of(struct ledger *l, pid_t pid)
{
	for (uint32_t i = 0; i < l->records_end; i++) {
		struct record *r = &l->records[i];
		if (r->state != RECORD_FREE && !r->exited && (r->supervisor ? r->supervisor : r->pid) == pid)
			return r;
	}
	return NULL;
}

static void note_exit(struct record *r, const siginfo_t *info)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	r->exit_status = (uint32_t)(info->si_code == CLD_EXITED ? info->si_status : 128 + info->si_status);
	r->exited_s = now.tv_sec;
	r->exited_ns = (int32_t)now.tv_nsec;
	__atomic_store_n(&r->exited, true, __ATOMIC_RELEASE);
}

/* Processes of workers that are gone. True when one of them is in the ledger. */
static bool guardian_collect(struct guardian *g, int *ret_worker_status)
{
	bool noted = false;
	siginfo_t info;

	for (;;) {
		info.si_pid = 0;
		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG) < 0 || !info.si_pid)
			return noted;
		if (info.si_pid == g->worker) {
			*ret_worker_status = info.si_code == CLD_EXITED ? info.si_status : -1;
			g->worker = 0;
			continue;
		}
		struct record *r = record_of(g->start->ledger, info.si_pid);
		if (!r)
			continue;
		note_exit(r, &info);
		noted = true;
	}
}

static int start_worker(struct guardian *g)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return -errno;
	fd_close(&g->fd);
	g->start->ledger->workers++;
	pid_t pid = fork();
	if (pid == 0) {
		close(fds[0]);
		close(g->signal_fd);
		g->start->guardian_fd = fds[1];
		_exit(shim_run(g->start));
	}
	close(fds[1]);
	g->fd = fds[0];
	g->worker = pid;
	return pid < 0 ? -errno : 0;
}

/* A worker that always crashes at once must not take the processor; given up it is never: its containers run. */
static void pause_between_crashes(struct guardian *g)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	time_t oldest = g->crashes[g->n_crashes % CRASHES_MAX];
	g->crashes[g->n_crashes++ % CRASHES_MAX] = now.tv_sec;
	if (g->n_crashes > CRASHES_MAX && now.tv_sec - oldest < CRASHES_S)
		poll(NULL, 0, CRASH_PAUSE_MS);
}

static void guardian_guard(struct guardian *g, int *status)
{
	while (g->worker > 0) {
		struct pollfd p[] = { { .fd = g->fd, .events = POLLIN }, { .fd = g->signal_fd, .events = POLLIN } };
		struct signalfd_siginfo info;

		if (poll(p, 2, -1) < 0)
			continue;
		while (guardian_receive(g))
			;
		/* The worker's end of the pair is closed before its death is told. */
		if (p[0].revents & POLLHUP)
			poll(&p[1], 1, -1);
		if (read(g->signal_fd, &info, sizeof info) > 0 && guardian_collect(g, status) && g->worker > 0 &&
		    send(g->fd, "", 1, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
			continue; /* full of such messages: it will look anyway */
	}
	/* What it sent between our last look and its death. */
	while (guardian_receive(g))
		;
}

int guardian_run(struct shim_start *start)
{
	struct guardian g = { .start = start, .fd = FD_NONE };
	sigset_t signals;
	int status;

	/* All but SIGKILL: a stop of containerd's process group must not stop its containers. */
	sigfillset(&signals);
	sigprocmask(SIG_SETMASK, &signals, NULL);
	sigemptyset(&signals);
	sigaddset(&signals, SIGCHLD);
	g.signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	start->ledger->guardian = getpid();
	if (g.signal_fd < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		return 1;
	for (;;) {
		status = -1;
		if (start_worker(&g) >= 0)
			guardian_guard(&g, &status);
		if (status == 0)
			return 0;
		pause_between_crashes(&g);
	}
}

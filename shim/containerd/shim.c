/* SPDX-License-Identifier: Apache-2.0 */
/* shim: see shim.h. A worker begins with what the ledger says: nothing, or all that the last one left. */
#include "shim.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/trim.h"
#include "keep.h"
#include "methods.h"
#include "proc_end.h"
#include "resume.h"
#include "rpc.h"

/* -- sources ---------------------------------------------------------------------------------- */

static int free_slot(const struct shim *s)
{
	for (int i = 0; i < CONNECTIONS_MAX; i++)
		if (!s->connections[i].open)
			return i;
	return -1;
}

static void on_connection(struct source *src, uint32_t events)
{
	struct shim *s = LOOP_OWNER(src, struct shim, listener);
	int fd = accept4(src->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), slot = free_slot(s);
	struct err e = ERR_INIT;

	(void)events;
	if (fd < 0)
		return;
	if (slot < 0 || rpc_serve(s, slot, fd, &e) < 0) {
		log_warn("a connection is refused: %s", slot < 0 ? "too many are open" : e.text);
		close(fd);
		return;
	}
	guardian_keep_connection(s->guardian_fd, slot, fd);
}

static void on_shim_signal(struct source *src, uint32_t events)
{
	struct shim *s = LOOP_OWNER(src, struct shim, signals);
	struct signalfd_siginfo info;

	(void)events;
	while (read(src->fd, &info, sizeof info) == (ssize_t)sizeof info)
		;
	shim_reap(s);
}

static void on_guardian(struct source *src, uint32_t events)
{
	struct shim *s = LOOP_OWNER(src, struct shim, guardian);
	char byte;

	(void)events;
	if (read(src->fd, &byte, 1) <= 0)
		loop_del(&s->loop, src); /* killed: it goes on without */
	proc_collect(s);
}

/* -- end -------------------------------------------------------------------------------------- */

static void on_flushed(struct events *ev)
{
	shim_settle(LOOP_OWNER(ev, struct shim, events));
}

/* -- start ------------------------------------------------------------------------------------ */

static int watch_signals(struct shim *s, struct err *e)
{
	sigset_t child;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	int fd = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? err_set(e, errno, "watch signals")
		      : loop_add(&s->loop, &s->signals, fd, EPOLLIN, on_shim_signal, e);
}

static int begin(struct shim *s, const struct shim_start *start, struct err *e)
{
	int r = loop_init(&s->loop, e);

	if (r >= 0)
		r = runtime_open(&s->rt, start->root, e);
	if (r >= 0)
		r = watch_signals(s, e);
	if (r >= 0)
		r = loop_add(&s->loop, &s->listener, start->listen_fd, EPOLLIN, on_connection, e);
	if (r >= 0)
		r = loop_add(&s->loop, &s->guardian, start->guardian_fd, EPOLLIN, on_guardian, e);
	if (r >= 0 && prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		r = err_set(e, errno, "become a subreaper");
	return r;
}

int shim_run(const struct shim_start *start)
{
	struct shim *s = calloc(1, sizeof *s);
	struct err e = ERR_INIT;

	if (!s)
		return 1;
	s->ledger = start->ledger;
	s->name_space = start->name_space;
	s->address = start->address;
	s->guardian_fd = start->guardian_fd;
	s->nofile = start->nofile;
	s->methods = methods;
	s->rt.root_fd = FD_NONE;
	s->guardian = s->listener = s->signals = SOURCE_INIT;
	events_init(&s->events, &s->loop, &start->ledger->events, start->events_address, start->name_space, on_flushed);
	int r = begin(s, start, &e);
	if (r >= 0) {
		resume(s);
		memory_trim();
		r = loop_run(&s->loop, &e);
	}
	if (r < 0)
		log_error("%s", e.text);
	return r < 0 || !s->leaving;
}

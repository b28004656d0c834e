/* SPDX-License-Identifier: Apache-2.0 */
/* fetch: see fetch.h. */
#include "loop/fetch.h"

#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/spawn.h"
#include "base/sys.h"
#include "wire/fdsocket.h"

#define PATIENCE_MS 1000

struct wish {
	int pidfd, first, end;
	enum fetched (*look)(int fd, const void *arg);
	const void *arg;
};

static int search(const struct wish *w, int to, struct err *e)
{
	for (int n = w->first; n < w->end; n++) {
		int fd = sys_pidfd_getfd(w->pidfd, n);
		enum fetched is = fd < 0 ? FETCH_WAITS : w->look(fd, w->arg);
		if (is == FETCH_IT)
			return fdsocket_send(to, fd, "", 1, "the shim", e);
		if (is == FETCH_NOT)
			close(fd);
	}
	return 0;
}

static _Noreturn void fetch_child(struct wish *w, int to)
{
	struct err ignored = ERR_INIT;

	fd_close_others((int[]){ w->pidfd, to }, 2);
	search(w, to, &ignored);
	shutdown(to, SHUT_RDWR); /* our end may wait */
	_exit(0);
}

static int receive(int from)
{
	struct pollfd p = { .fd = from, .events = POLLIN };

	if (poll(&p, 1, PATIENCE_MS) <= 0)
		return -ETIMEDOUT;
	int fd = fdsocket_receive(from, MSG_DONTWAIT);
	return fd < 0 ? FD_NONE : fd;
}

/* The child is not waited for: it is collected with the orphans. */
int fetch_fd(int pidfd, int first, int end, enum fetched (*look)(int fd, const void *arg), const void *arg)
{
	struct wish w = { pidfd, first, end, look, arg };
	int ends[2], child_pidfd = FD_NONE;
	struct clone_args args = { .flags = CLONE_PIDFD, .exit_signal = SIGCHLD,
				   .pidfd = (uint64_t)(uintptr_t)&child_pidfd };

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return FD_NONE;
	pid_t pid = spawn_process(&args);
	if (pid == 0)
		fetch_child(&w, ends[1]);
	close(ends[1]);
	int fd = pid < 0 ? FD_NONE : receive(ends[0]);
	close(ends[0]);
	if (fd == -ETIMEDOUT)
		sys_pidfd_send_signal(child_pidfd, SIGKILL);
	fd_close(&child_pidfd);
	return fd;
}

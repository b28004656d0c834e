/* SPDX-License-Identifier: Apache-2.0 */
/* listener: see seccomp/listener.h. */
#include "seccomp/listener.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/sys.h"

/* The kernel takes the lowest free number. */
static int next_fd(struct err *e)
{
	int fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);

	if (fd < 0)
		return err_set(e, errno, "find a number for the seccomp listener");
	close(fd);
	return fd;
}

int seccomp_offer_listener(int sync_fd, enum sync_type type,
			   int (*install)(void *arg, int *ret_listener, struct err *e), void *arg, struct err *e)
{
	int listener, r = next_fd(e), expected = r;

	if (r >= 0)
		r = sync_send(sync_fd, type, expected, e);
	if (r >= 0)
		r = install(arg, &listener, e);
	if (r < 0)
		return r;
	if (listener != expected)
		return err_msg(e, EPROTO, "the seccomp listener is descriptor %d, not %d", listener,
			       expected);
	r = sync_expect(sync_fd, SYNC_TAKEN, e);
	close(listener);
	return r;
}

/* The task cannot tell when it is done; it takes about as long as one turn of the loop. */
static const struct timespec turn = { .tv_nsec = 100 * 1000 };

int seccomp_take_listener(int pidfd, int remote, int sync_fd, struct err *e)
{
	struct pollfd word = { .fd = sync_fd, .events = POLLIN };
	int fd;

	while ((fd = sys_pidfd_getfd(pidfd, remote)) < 0) {
		if (errno != EBADF)
			return err_set(e, errno, "take the seccomp listener from the task");
		if (ppoll(&word, 1, &turn, NULL) <= 0)
			continue;
		int r = sync_recv(sync_fd, NULL, e);
		return r < 0 ? r : err_msg(e, EPIPE, "the task ended before there was a seccomp listener");
	}
	return fd;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* ctl/client: ctl_call of ctl.h, for the command line. */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/sys.h"
#include "ctl/message.h"

/* A shim that stands still takes nobody from its queue: that is waited for no longer than `timeout_ms` (0: for ever). */
static int client_connect_to(int dir_fd, long long timeout_ms, struct err *e)
{
	struct timeval limit = { timeout_ms / 1000, timeout_ms % 1000 * 1000 };
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	_cleanup_fd_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(a.sun_path, sizeof a.sun_path, "/proc/self/fd/%d/" CTL_SOCKET_NAME, dir_fd);
	if (fd >= 0 && timeout_ms && setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) < 0)
		return err_set(e, errno, "set a time-out for the shim");
	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof a) < 0)
		return err_set(e, errno == ENOENT ? ECONNREFUSED : errno, "connect to the shim");
	return fd_take(&fd);
}

int ctl_shim(int dir_fd, struct err *e)
{
	_cleanup_fd_ int fd = client_connect_to(dir_fd, 0, e);
	struct ucred peer;
	socklen_t len = sizeof peer;

	if (fd < 0)
		return fd;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0 || peer.pid <= 0)
		return err_set(e, errno ? errno : ESRCH, "find the shim");
	int pidfd = sys_pidfd_open(peer.pid, 0);
	return pidfd < 0 ? err_set(e, errno, "hold the shim") : pidfd;
}

static int await(int fd, long long timeout_ms, struct err *e)
{
	long long deadline_ms = timeout_ms ? clock_now_ms() + timeout_ms : -1;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int n;

	do
		n = poll(&p, 1, clock_left_ms(deadline_ms));
	while (n < 0 && errno == EINTR);
	if (n == 0)
		return err_msg(e, ETIMEDOUT, "timed out; the shim is still processing the request");
	return n < 0 ? err_set(e, errno, "wait for the shim") : 0;
}

int ctl_call(int dir_fd, const struct ctl_request *q, struct arena *a, char **ret_json,
	     size_t *ret_len, struct err *e)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	_cleanup_fd_ int fd = client_connect_to(dir_fd, q->timeout_ms, e);
	char *frame = fd < 0 ? NULL : arena_alloc(a, CTL_FRAME_MAX);

	if (fd < 0)
		return fd;
	ctl_request_encode(q, &out);
	if (!frame || out.failed)
		return err_set(e, ENOMEM, "ask the shim");
	if (send(fd, out.data, out.len, MSG_NOSIGNAL) < 0)
		return err_set(e, errno, "ask the shim");
	int r = await(fd, q->timeout_ms, e);
	if (r < 0)
		return r;
	ssize_t n = recv(fd, frame, CTL_FRAME_MAX - 1, 0);
	if (n < 0)
		return err_set(e, errno, "receive the shim's answer");
	if (n == 0)
		return err_msg(e, ECONNRESET, "the shim has ended without an answer");
	if (ctl_answer_is_error(frame, (size_t)n, e))
		return -e->code;
	*ret_json = frame;
	*ret_len = (size_t)n;
	return 0;
}

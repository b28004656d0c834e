/* SPDX-License-Identifier: Apache-2.0 */
/* gate: see gate.h. Paths of sockets are short: the folder is named by its descriptor. */
#include "wire/gate.h"

#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/err.h"
#include "base/fd.h"
#include "wire/sync.h"

static struct sockaddr_un gate_address(int dir_fd)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	snprintf(a.sun_path, sizeof a.sun_path, "/proc/self/fd/%d/" GATE_FILE, dir_fd);
	return a;
}

int gate_listen(int dir_fd, struct err *e)
{
	struct sockaddr_un a = gate_address(dir_fd);
	_cleanup_fd_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return err_set(e, errno, "make the gate socket");
	if (bind(fd, (struct sockaddr *)&a, sizeof a) < 0 || listen(fd, 1) < 0)
		return err_set(e, errno, "bind the gate socket");
	return fd_take(&fd);
}

int gate_connect(int dir_fd, struct err *e)
{
	struct sockaddr_un a = gate_address(dir_fd);
	_cleanup_fd_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return err_set(e, errno, "make the gate socket");
	if (connect(fd, (struct sockaddr *)&a, sizeof a) < 0)
		return err_set(e, errno, "connect to the container's init");
	return fd_take(&fd);
}

/* Until execve or death closes the other end. To be woken by what is said before would take the processor from
 * the process that says it. */
static void await_hangup(int sync_fd)
{
	struct pollfd p = { .fd = sync_fd };

	while (poll(&p, 1, -1) < 0 && errno == EINTR)
		;
}

int gate_release(int sync_fd, bool gate, struct err *e)
{
	int r = gate ? sync_expect(sync_fd, SYNC_READY, e) : 0;

	if (r >= 0)
		r = sync_send(sync_fd, SYNC_GO, 0, e);
	if (r >= 0)
		await_hangup(sync_fd);
	/* When the task is gone already, it has told why before. */
	if (r >= 0 || r == -EPIPE)
		r = sync_expect(sync_fd, SYNC_EXEC, e);
	if (r >= 0)
		r = sync_recv(sync_fd, NULL, e);
	if (r > 0)
		return err_msg(e, EPROTO, "sync frame %d after EXEC", r);
	return r;
}

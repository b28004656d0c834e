/* SPDX-License-Identifier: Apache-2.0 */
/* taken: see ports/taken.h. */
#include "ports/taken.h"

#include <sys/socket.h>
#include <unistd.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include "base/fd.h"
#include "base/sys.h"
#include "loop/aside.h"
#include "loop/fetch.h"

/* Not by fstat(2): the file's own file system answers that. */
static enum fetched is_socket(int fd, const void *arg)
{
	int type;
	socklen_t len = sizeof type;

	(void)arg;
	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 ? FETCH_IT : FETCH_WAITS;
}

int taken_take(pid_t pid, int number)
{
	_cleanup_fd_ int pidfd = sys_pidfd_open(pid, 0);
	int fd = pidfd < 0 ? FD_NONE : fetch_fd(pidfd, number, number + 1, is_socket, NULL);

	return fd < 0 ? FD_NONE : fd;
}

/* A listener that was shut down can be connected, and then waits for its peer. */
static bool may_wait(int fd)
{
	struct tcp_info info;
	socklen_t len = sizeof info;

	return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) == 0 && info.tcpi_state != TCP_CLOSE &&
	       info.tcpi_state != TCP_LISTEN;
}

void taken_close(int *fd)
{
	if (*fd >= 0 && may_wait(*fd))
		aside_close(fd);
	else
		fd_close(fd);
}

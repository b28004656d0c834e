/* taken: see ports/taken.h. */
#include "ports/taken.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include "base/fd.h"
#include "base/spawn.h"
#include "base/sys.h"
#include "loop/aside.h"
#include "ports/message.h"

#define PATIENCE_MS 1000
#define TCP_CLOSED 7 /* of tcp_states.h */
#define TCP_LISTENS 10

static bool is_socket(int fd)
{
	int type;
	socklen_t len = sizeof type;

	/* Not fstat(2): the file's own file system answers that. */
	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0;
}

/* Its end may take for ever, so it holds nothing that somebody else waits for. */
static _Noreturn void taken_look(int pidfd, int number, int to)
{
	const int kept[] = { pidfd, to };
	struct port_message m = { .type = PORTS_DONE };

	fd_close_others(kept, sizeof kept / sizeof *kept);
	int fd = sys_pidfd_getfd(pidfd, number);
	if (fd >= 0 && is_socket(fd)) {
		const int fds[PORT_MESSAGE_FDS] = { fd, FD_NONE, FD_NONE };
		port_message_send(to, &m, fds);
	}
	shutdown(to, SHUT_RDWR); /* it is not closed before the rest is */
	_exit(0);
}

static int hear_of_it(int from)
{
	struct pollfd p = { .fd = from, .events = POLLIN };
	struct port_message m;
	int fds[PORT_MESSAGE_FDS];

	if (poll(&p, 1, PATIENCE_MS) <= 0 || port_message_receive(from, &m, fds) <= 0)
		return FD_NONE;
	for (int i = 1; i < PORT_MESSAGE_FDS; i++)
		fd_close(&fds[i]);
	return fds[0];
}

int taken_take(pid_t pid, int number)
{
	_cleanup_fd_ int pidfd = sys_pidfd_open(pid, 0);
	struct clone_args args = { .exit_signal = SIGCHLD };
	int ends[2];

	if (pidfd < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return FD_NONE;
	pid_t child = spawn_process(&args);
	if (child == 0)
		taken_look(pidfd, number, ends[1]);
	close(ends[1]);
	int fd = child < 0 ? FD_NONE : hear_of_it(ends[0]);
	close(ends[0]);
	return fd;
}

/* A listener that was shut down can be connected, and then waits for its peer. */
static bool may_wait(int fd)
{
	struct tcp_info info;
	socklen_t len = sizeof info;

	return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) == 0 && info.tcpi_state != TCP_CLOSED &&
	       info.tcpi_state != TCP_LISTENS;
}

void taken_close(int *fd)
{
	if (*fd >= 0 && may_wait(*fd))
		aside_close(fd);
	else
		fd_close(fd);
}

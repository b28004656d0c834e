/* SPDX-License-Identifier: Apache-2.0 */
/* keeper_client: see ports/keeper.h and ports/door.h. Paths of sockets are short: the folder is named by its descriptor. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "ports/keeper.h"
#include "ports/door.h"
#include "ports/message.h"

#define ANSWER_MS 2000

static struct sockaddr_un address(int folder_fd)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	snprintf(a.sun_path, sizeof a.sun_path, "/proc/self/fd/%d/" PORTS_FILE, folder_fd);
	return a;
}

int keeper_socket_listen(int folder_fd, struct err *e)
{
	struct sockaddr_un a = address(folder_fd);
	_cleanup_fd_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return err_set(e, errno, "make the socket of the ports' keeper");
	unlinkat(folder_fd, PORTS_FILE, 0);
	if (bind(fd, (struct sockaddr *)&a, sizeof a) < 0 || listen(fd, 64) < 0)
		return err_set(e, errno, "bind the socket of the ports' keeper");
	return fd_take(&fd);
}

int port_keeper_connect(int folder_fd, struct err *e)
{
	struct sockaddr_un a = address(folder_fd);
	_cleanup_fd_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return err_set(e, errno, "make a socket for the ports' keeper");
	if (connect(fd, (struct sockaddr *)&a, sizeof a) < 0)
		return err_set(e, errno, "connect to the keeper of the ports");
	return fd_take(&fd);
}

int port_keeper_ask(int fd, const struct port_message *m, const int *fds, struct port_message *ret, struct err *e)
{
	struct pollfd word = { .fd = fd, .events = POLLIN };
	struct port_message answer;
	int r = port_message_send(fd, m, fds);

	if (r < 0)
		return err_set(e, -r, "ask the keeper of the ports");
	answer.type = PORTS_WARNING; /* none yet */
	do {
		r = poll(&word, 1, ANSWER_MS);
		if (r < 0 && errno == EINTR)
			continue;
		if (r == 0)
			return err_msg(e, ETIMEDOUT, "the keeper of the ports does not answer");
		r = r < 0 ? -errno : port_message_receive(fd, &answer, NULL);
		if (r <= 0)
			return err_set(e, r ? -r : EPIPE, "hear from the keeper of the ports");
	} while (answer.type == PORTS_LISTENS || answer.type == PORTS_WARNING);
	if (answer.type == PORTS_FAILED)
		return err_msg(e, answer.number > 0 ? answer.number : EIO, "%s", answer.text);
	if (ret)
		*ret = answer;
	return 0;
}

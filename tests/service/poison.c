/* SPDX-License-Identifier: Apache-2.0 */
/*
 * poison: a member that spoils the sockets that it is given for its successor (class 20 of attacks), and becomes
 * `web`. Its successors say what they were given, and become `web` as well.
 *
 *   poison shutdown|flags|filter|locked-filter|connect|options|lookalike
 */
#include "service.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <linux/filter.h>

/* Another listener of the same name, in its place: nobody reaches it. */
static void look_alike(int fd)
{
	struct sockaddr_un a;
	socklen_t len = sizeof a;
	int own = socket(AF_UNIX, SOCK_STREAM, 0);

	if (getsockname(fd, (struct sockaddr *)&a, &len) < 0 || bind(own, (struct sockaddr *)&a, len) < 0 ||
	    listen(own, 10) < 0 || dup2(fd, 60) < 0 || dup2(own, fd) < 0)
		die("look-alike");
}

static void spoil(const char *how, int fd)
{
	struct sock_filter drop = { 0x06, 0, 0, 0 };
	struct sock_fprog filter = { 1, &drop };
	struct timeval soon = { 0, 1000 };
	struct linger linger = { 1, 1000 };
	struct sockaddr_in elsewhere = { .sin_family = AF_INET, .sin_port = htons(9) };
	int on = 1, small = 256;

	elsewhere.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (!strcmp(how, "shutdown"))
		shutdown(fd, SHUT_RDWR);
	if (!strcmp(how, "lookalike"))
		look_alike(fd);
	if (!strcmp(how, "flags"))
		fcntl(fd, F_SETFL, O_NONBLOCK);
	if (strstr(how, "filter"))
		setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter);
	if (!strcmp(how, "locked-filter"))
		setsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &on, sizeof on);
	if (!strcmp(how, "connect"))
		connect(fd, (struct sockaddr *)&elsewhere, sizeof elsewhere);
	if (!strcmp(how, "options")) {
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof soon);
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
		setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
		listen(fd, 0);
	}
}

static void tell(int fd)
{
	struct timeval time = { 0 };
	struct linger linger = { 0 };
	int port = 0, buffer = 0;
	socklen_t len = sizeof time;

	getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, &len);
	len = sizeof linger;
	getsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, &len);
	len = sizeof port;
	getsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &port, &len);
	getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, &len);
	printf("given flags %d time %ld linger %d port %d buffer %s\n", fcntl(fd, F_GETFL) & ~O_RDWR,
	       time.tv_sec + time.tv_usec, linger.l_onoff, port, buffer > 4096 ? "large" : "small");
	fflush(stdout);
}

int main(int argc, char **argv)
{
	const char *generation = getenv("HART_GENERATION");
	int n = inherited_fds();

	for (int fd = 3; fd < 3 + n && argc > 1; fd++)
		if (generation && !strcmp(generation, "1"))
			spoil(argv[1], fd);
		else
			tell(fd);
	execl("/web", "/web", (char *)NULL);
	die("/web");
}

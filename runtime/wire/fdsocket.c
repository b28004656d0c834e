/* SPDX-License-Identifier: Apache-2.0 */
/* fdsocket: see fdsocket.h. */
#include "wire/fdsocket.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"

/* A path longer than sun_path goes through a descriptor of its folder, which *ret_dir keeps. */
static int socket_address(const char *path, const char *what, struct sockaddr_un *ret,
			  int *ret_dir, struct err *e)
{
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX];
	int n;

	*ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) < sizeof ret->sun_path) {
		strcpy(ret->sun_path, path);
		return 0;
	}
	n = snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path + 1) : 1,
		     slash ? path : ".");
	if (n >= (int)sizeof folder)
		return err_set(e, ENAMETOOLONG, "%s %s", what, path);
	*ret_dir = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (*ret_dir < 0)
		return err_set(e, errno, "open the folder of %s %s", what, path);
	n = snprintf(ret->sun_path, sizeof ret->sun_path, "/proc/self/fd/%d/%s", *ret_dir,
		     slash ? slash + 1 : path);
	return n < (int)sizeof ret->sun_path ? 0
					     : err_set(e, ENAMETOOLONG, "%s %s", what, path);
}

int fdsocket_connect(const char *path, const char *what, struct err *e)
{
	_cleanup_fd_ int dir = FD_NONE;
	struct sockaddr_un address;
	int r = socket_address(path, what, &address, &dir, e);

	if (r < 0)
		return r;
	_cleanup_fd_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_set(e, errno, "make a socket for %s %s", what, path);
	if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
		return err_set(e, errno, "connect to %s %s", what, path);
	return fd_take(&fd);
}

union fd_control {
	struct cmsghdr head;
	char space[CMSG_SPACE(sizeof(int))];
};

int fdsocket_receive(int socket_fd, int flags)
{
	union fd_control control = { 0 };
	char text[64];
	struct iovec iov = { text, sizeof text };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
	ssize_t n = recvmsg(socket_fd, &m, flags | MSG_CMSG_CLOEXEC);
	int fd;

	if (n <= 0)
		return n < 0 ? -errno : -EPIPE;
	if (m.msg_controllen < sizeof control.head || control.head.cmsg_level != SOL_SOCKET ||
	    control.head.cmsg_type != SCM_RIGHTS)
		return -EPROTO;
	memcpy(&fd, CMSG_DATA(&control.head), sizeof fd);
	return fd;
}

int fdsocket_send(int socket_fd, int fd, const char *text, size_t len, const char *what,
		  struct err *e)
{
	union fd_control control = { .head = { .cmsg_len = CMSG_LEN(sizeof fd),
					       .cmsg_level = SOL_SOCKET,
					       .cmsg_type = SCM_RIGHTS } };
	struct iovec iov = { (char *)text, len };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
			    .msg_controllen = sizeof control };

	memcpy(CMSG_DATA(&control.head), &fd, sizeof fd);
	ssize_t n = sendmsg(socket_fd, &m, MSG_NOSIGNAL);
	if (n < 0)
		return err_set(e, errno, "send a descriptor to the %s", what);
	return (size_t)n == len ? 0 : err_msg(e, EPIPE, "send a descriptor to the %s: only a part was sent", what);
}

int fdsocket_give(const char *path, int fd, const char *text, size_t len, const char *what,
		  struct err *e)
{
	_cleanup_fd_ int s = fdsocket_connect(path, what, e);

	return s < 0 ? s : fdsocket_send(s, fd, text, len, what, e);
}

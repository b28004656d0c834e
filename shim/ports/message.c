/* SPDX-License-Identifier: Apache-2.0 */
/* message: see ports/message.h. Both sides are hart's own; the lengths are checked all the same. */
#include "ports/message.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include "base/fd.h"

#define HEAD_BYTES offsetof(struct port_message, text)

union control {
	char room[CMSG_SPACE(PORT_MESSAGE_FDS * sizeof(int))];
	struct cmsghdr align;
};

static size_t length_of(const struct port_message *m)
{
	if (m->type == PORTS_ROWS)
		return HEAD_BYTES + m->n_rows * sizeof m->rows[0];
	return HEAD_BYTES + strnlen(m->text, sizeof m->text - 1) + 1;
}

int port_message_send(int fd, const struct port_message *m, const int *fds)
{
	struct iovec data = { (void *)m, length_of(m) };
	union control control = { 0 };
	struct msghdr msg = { .msg_iov = &data, .msg_iovlen = 1 };
	size_t n = 0;

	while (fds && n < PORT_MESSAGE_FDS && fds[n] >= 0)
		n++;
	if (n) {
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(n * sizeof(int));
		struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(n * sizeof(int));
		memcpy(CMSG_DATA(c), fds, n * sizeof(int));
	}
	return sendmsg(fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? -errno : 0;
}

static void take_descriptors(struct msghdr *msg, int *fds)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < n; i++) {
			int fd;
			memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
			if (fds && i < PORT_MESSAGE_FDS && fds[i] < 0)
				fds[i] = fd;
			else
				fd_close(&fd);
		}
	}
}

/* Ends the text, counts the rows. */
static bool is_well_formed(struct port_message *m, size_t len)
{
	if (len < HEAD_BYTES || m->type == 0 || m->type >= PORT_MESSAGES)
		return false;
	if (m->type == PORTS_ROWS)
		return m->n_rows <= PORT_HOLDS_MAX && len == HEAD_BYTES + m->n_rows * sizeof m->rows[0];
	if (len == HEAD_BYTES || len > HEAD_BYTES + sizeof m->text)
		return false;
	m->text[len - HEAD_BYTES - 1] = '\0';
	return true;
}

int port_message_receive(int fd, struct port_message *m, int *fds)
{
	struct iovec data = { m, sizeof *m };
	union control control;
	struct msghdr msg = { .msg_iov = &data, .msg_iovlen = 1, .msg_control = &control,
			      .msg_controllen = sizeof control };
	ssize_t n;

	for (int i = 0; fds && i < PORT_MESSAGE_FDS; i++)
		fds[i] = FD_NONE;
	do
		n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	take_descriptors(&msg, fds);
	if (n == 0)
		return 0;
	if (!(msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) && is_well_formed(m, (size_t)n))
		return 1;
	for (int i = 0; fds && i < PORT_MESSAGE_FDS; i++)
		fd_close(&fds[i]);
	return -EPROTO;
}

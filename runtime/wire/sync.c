/* SPDX-License-Identifier: Apache-2.0 */
/* sync: see sync.h. */
#include "wire/sync.h"

#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"

struct frame {
	uint32_t type;
	int32_t value; /* ERROR: errno */
	char text[ERR_TEXT_SIZE]; /* ERROR alone; other frames end before it */
};

#define HEAD_BYTES offsetof(struct frame, text)

int sync_pair(int ret_fds[2], struct err *e)
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ret_fds) < 0)
		return err_set(e, errno, "make the sync socket pair");
	return 0;
}

static int send_frame(int fd, const struct frame *f, size_t len)
{
	ssize_t n;

	do
		n = send(fd, f, len, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

int sync_send(int fd, enum sync_type type, int value, struct err *e)
{
	struct frame f = { .type = type, .value = value };
	int r = send_frame(fd, &f, HEAD_BYTES);

	return r < 0 ? err_set(e, -r, "send sync frame %d", (int)type) : 0;
}

union fds_control {
	struct cmsghdr head;
	char space[CMSG_SPACE(SYNC_FDS_MAX * sizeof(int))];
};

int sync_send_fds(int fd, enum sync_type type, const int *fds, size_t n, struct err *e)
{
	union fds_control control = { .head = { .cmsg_len = CMSG_LEN(n * sizeof *fds),
						.cmsg_level = SOL_SOCKET,
						.cmsg_type = SCM_RIGHTS } };
	struct frame f = { .type = type };
	struct iovec iov = { &f, HEAD_BYTES };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
			    .msg_controllen = CMSG_SPACE(n * sizeof *fds) };
	ssize_t sent;

	memcpy(CMSG_DATA(&control.head), fds, n * sizeof *fds);
	do
		sent = sendmsg(fd, &m, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? err_set(e, errno, "send sync frame %d with descriptors", (int)type) : 0;
}

int sync_peek_fds(int fd, int timeout_ms, int ret_fds[SYNC_FDS_MAX], struct err *e)
{
	union fds_control control;
	struct frame f;
	struct iovec iov = { &f, sizeof f };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int r = poll(&p, 1, timeout_ms);

	if (r <= 0)
		return err_set(e, r < 0 ? errno : ETIMEDOUT, "wait for the container's init");
	if (recvmsg(fd, &m, MSG_PEEK | MSG_CMSG_CLOEXEC) < 0)
		return err_set(e, errno, "look at a sync frame");
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
		return 0;
	size_t bytes = c->cmsg_len - CMSG_LEN(0);
	memcpy(ret_fds, CMSG_DATA(c), bytes);
	return (int)(bytes / sizeof *ret_fds);
}

void sync_send_error(int fd, const struct err *failure)
{
	struct frame f = { .type = SYNC_ERROR, .value = failure->code };

	memcpy(f.text, failure->text, sizeof f.text);
	/* Not send: after a failed execve the container's filter is on, and most allow write. */
	while (write(fd, &f, HEAD_BYTES + strnlen(f.text, sizeof f.text - 1) + 1) < 0 && errno == EINTR)
		;
}

/* An ERROR frame becomes the receiver's own error. */
static int take_error(struct frame *f, size_t len, struct err *e)
{
	if (len <= HEAD_BYTES || f->value <= 0 || f->value > 4095)
		return err_msg(e, EPROTO, "malformed error frame from the container's init");
	((char *)f)[len - 1] = '\0';
	return err_msg(e, f->value, "%s", f->text);
}

int sync_recv(int fd, int *ret_value, struct err *e)
{
	struct frame f;
	ssize_t n;

	/* ECONNRESET comes once, before what is queued: the peer died with frames of ours unread. */
	do
		n = recv(fd, &f, sizeof f, 0);
	while (n < 0 && (errno == EINTR || errno == ECONNRESET));
	if (n < 0)
		return err_set(e, errno, "receive a sync frame");
	if (n == 0)
		return SYNC_EOF;
	if ((size_t)n < HEAD_BYTES || f.type < SYNC_UP || f.type > SYNC_LAST)
		return err_msg(e, EPROTO, "malformed frame from the container's init");
	if (f.type == SYNC_ERROR)
		return take_error(&f, (size_t)n, e);
	if (ret_value)
		*ret_value = f.value;
	return (int)f.type;
}

int sync_expect(int fd, enum sync_type type, struct err *e)
{
	int r = sync_recv(fd, NULL, e);

	if (r == SYNC_EOF)
		return err_msg(e, EPIPE, "the process that was to answer has ended");
	if (r > 0 && r != (int)type)
		return err_msg(e, EPROTO, "sync frame %d where %d was due", r, (int)type);
	return r;
}

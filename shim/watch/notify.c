/* notify: see notify.h. */
#include "watch/notify.h"

#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"

#define DATAGRAM_MAX 4096
#define DATAGRAMS_A_ROUND 16

union control {
	char bytes[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(sizeof(int) * NOTIFY_FDS_MAX)];
	struct cmsghdr align;
};

struct received {
	int fds[NOTIFY_FDS_MAX];
	unsigned n_fds;
	pid_t pid;
};

static void take_control(struct msghdr *msg, struct received *r)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET)
			continue;
		if (c->cmsg_type == SCM_CREDENTIALS) {
			struct ucred cred;
			memcpy(&cred, CMSG_DATA(c), sizeof cred);
			r->pid = cred.pid;
		} else if (c->cmsg_type == SCM_RIGHTS) {
			size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
			memcpy(r->fds, CMSG_DATA(c), n * sizeof(int));
			r->n_fds = (unsigned)n;
		}
	}
}

static void close_fds(int *fds, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		fd_close(&fds[i]);
}

/* False when there is nothing more to read. */
static bool receive(struct notify *n)
{
	char text[DATAGRAM_MAX + 1];
	union control control;
	struct iovec iov = { text, DATAGRAM_MAX };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.bytes,
			      .msg_controllen = sizeof control };
	struct received r = { .n_fds = 0 };
	struct notify_message m;
	ssize_t len = recvmsg(n->fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (len < 0)
		return errno == EINTR;
	take_control(&msg, &r);
	/* One that was cut is none; the kernel has closed the descriptors that found no room. */
	if (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC) || notify_parse(text, (size_t)len, &m) < 0) {
		close_fds(r.fds, r.n_fds);
		return true;
	}
	m.pid = r.pid;
	m.n_fds = r.n_fds;
	memcpy(m.fds, r.fds, r.n_fds * sizeof *r.fds);
	/* BARRIER: all before it has been handled; that its descriptor is closed says so. */
	if (!m.barrier)
		n->handle(n, &m);
	close_fds(m.fds, m.n_fds);
	return true;
}

static void on_readable(struct source *s, uint32_t events)
{
	struct notify *n = LOOP_OWNER(s, struct notify, source);

	(void)events;
	for (int i = 0; i < DATAGRAMS_A_ROUND && n->fd >= 0 && receive(n); i++)
		;
}

static int bind_socket(int fd, int dir_fd, struct err *e)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int on = 1;

	snprintf(a.sun_path, sizeof a.sun_path, "/proc/self/fd/%d/" NOTIFY_SOCKET_NAME, dir_fd);
	if (unlinkat(dir_fd, NOTIFY_SOCKET_NAME, 0) < 0 && errno != ENOENT)
		return err_set(e, errno, "remove the old notify socket");
	if (bind(fd, (struct sockaddr *)&a, sizeof a) < 0 ||
	    fchmodat(dir_fd, NOTIFY_SOCKET_NAME, 0666, 0) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) < 0)
		return err_set(e, errno, "bind the notify socket");
	return 0;
}

int notify_open(struct notify *n, struct loop *l, int dir_fd,
		void (*handle)(struct notify *n, struct notify_message *m), struct err *e)
{
	notify_close(n);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_set(e, errno, "make the notify socket");
	int r = bind_socket(fd, dir_fd, e);
	if (r >= 0)
		r = loop_add(l, &n->source, fd, EPOLLIN, on_readable, e);
	if (r < 0) {
		close(fd);
		return r;
	}
	n->loop = l;
	n->fd = fd;
	n->handle = handle;
	return 0;
}

void notify_close(struct notify *n)
{
	if (n->fd < 0)
		return;
	loop_del(n->loop, &n->source);
	fd_close(&n->fd);
}

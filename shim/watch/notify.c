/* SPDX-License-Identifier: Apache-2.0 */
/* notify: see notify.h. */
#include "watch/notify.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "loop/aside.h"

#define DATAGRAMS_A_ROUND 16
#define GIVEN_UP_MAX 4 /* then no more is read: its descriptors hang */
#define WINDOW_NS 1000000000LL
#define TRIPS_A_WINDOW 400 /* each costs a process */

static void on_readable(struct source *s, uint32_t events);

static void close_fds(int *fds, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		aside_close(&fds[i]);
}

/* BARRIER: all before it has been handled; that its descriptor is closed says so. */
static void deliver(struct notify *n, struct notify_message *m)
{
	if (!m->barrier)
		n->handle(n, m);
	close_fds(m->fds, m->n_fds);
}

/* -- messages that bring descriptors ------------------------------------------------------------ */

static void listen_again(struct notify *n)
{
	struct err ignored;

	if (n->fd >= 0 && n->source.fd < 0 && n->given_up < GIVEN_UP_MAX)
		loop_add(n->loop, &n->source, n->fd, EPOLLIN, on_readable, &ignored);
}

static void on_pause_end(struct timer *t)
{
	listen_again(LOOP_OWNER(t, struct notify, pause));
}

/* Not more than so many a second: a member that sends more has to wait. */
static void listen_again_in_time(struct notify *n)
{
	long long now = loop_now_ns();

	if (now - n->window_ns > WINDOW_NS) {
		n->window_ns = now;
		n->in_window = 0;
	}
	if (++n->in_window < TRIPS_A_WINDOW)
		listen_again(n);
	else
		loop_timer(n->loop, &n->pause, WINDOW_NS, on_pause_end);
}

static void on_goods(struct customs *c, struct customs_goods *goods)
{
	struct notify *n = LOOP_OWNER(c, struct notify, customs);
	struct notify_message m;

	if (notify_parse(goods->text, goods->len, &m) < 0) {
		close_fds(goods->fds, goods->n_fds);
		return;
	}
	m.pid = goods->pid;
	m.n_fds = goods->n_fds;
	m.n_refused = goods->n_refused;
	memcpy(m.fds, goods->fds, goods->n_fds * sizeof *m.fds);
	deliver(n, &m);
}

static void on_customs_end(struct customs *c, bool in_time)
{
	struct notify *n = LOOP_OWNER(c, struct notify, customs);
	struct notify_message hung = { .hung = true };

	if (!in_time) {
		n->given_up++;
		n->handle(n, &hung);
	}
	listen_again_in_time(n);
}

static void begin_customs(struct notify *n)
{
	struct err ignored;

	loop_del(n->loop, &n->source);
	if (customs_begin(&n->customs, n->loop, n->fd, &ignored) < 0)
		loop_timer(n->loop, &n->pause, WINDOW_NS, on_pause_end);
}

/* -- all others --------------------------------------------------------------------------------- */

struct received {
	char text[CUSTOMS_TEXT_MAX + 1];
	ssize_t len;
	int flags;
	pid_t pid;
};

/* With room for the sender's name alone: descriptors stay where they are, or, when it is taken, are dropped. */
static void notify_receive(int fd, int flags, struct received *r)
{
	union {
		char bytes[CMSG_SPACE(sizeof(struct ucred))];
		struct cmsghdr align;
	} control;
	struct iovec iov = { r->text, CUSTOMS_TEXT_MAX };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.bytes,
			      .msg_controllen = sizeof control };
	struct ucred cred;

	r->pid = 0;
	r->len = recvmsg(fd, &msg, flags | MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	r->flags = msg.msg_flags;
	struct cmsghdr *c = r->len < 0 ? NULL : CMSG_FIRSTHDR(&msg);
	if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_CREDENTIALS)
		return;
	memcpy(&cred, CMSG_DATA(c), sizeof cred);
	r->pid = cred.pid;
}

/* False when there is nothing more to read for now. */
static bool take_next(struct notify *n)
{
	struct received r;
	struct notify_message m;

	notify_receive(n->fd, MSG_PEEK, &r);
	if (r.len < 0)
		return errno == EINTR;
	if (r.flags & MSG_CTRUNC) {
		begin_customs(n);
		return false;
	}
	notify_receive(n->fd, 0, &r);
	/* One that was cut is none. */
	if (r.len < 0 || r.flags & MSG_TRUNC || notify_parse(r.text, (size_t)r.len, &m) < 0)
		return true;
	m.pid = r.pid;
	deliver(n, &m);
	return true;
}

static void on_readable(struct source *s, uint32_t events)
{
	struct notify *n = LOOP_OWNER(s, struct notify, source);

	(void)events;
	for (int i = 0; i < DATAGRAMS_A_ROUND && n->fd >= 0 && take_next(n); i++)
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
	n->customs = CUSTOMS_INIT(on_goods, on_customs_end);
	return 0;
}

void notify_close(struct notify *n)
{
	if (n->fd < 0)
		return;
	struct pollfd unread = { .fd = n->fd, .events = POLLIN };

	customs_stop(&n->customs);
	loop_timer_stop(n->loop, &n->pause);
	loop_del(n->loop, &n->source);
	/* The descriptors in messages that nobody has read go with it. */
	if (poll(&unread, 1, 0) > 0)
		aside_close(&n->fd);
	else
		fd_close(&n->fd);
}

bool notify_drain(struct notify *n)
{
	if (n->fd >= 0 && n->source.fd >= 0)
		on_readable(&n->source, EPOLLIN);
	return !worker_is_busy(&n->customs.worker);
}

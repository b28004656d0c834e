/* SPDX-License-Identifier: Apache-2.0 */
/* ctl: the server side, see ctl.h. Every connection is non-blocking and good for one request. */
#include "ctl/ctl.h"

#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/fd.h"
#include "ctl/message.h"
#include "json.h"

static void close_connection(struct ctl_connection *c)
{
	loop_del(c->ctl->loop, &c->source);
	fd_close(&c->fd);
}

void ctl_answer(struct ctl_connection *c, const struct buf *json)
{
	/* Who asks takes the answer, or is gone: no second try. */
	if (c->fd >= 0 && send(c->fd, json->data, json->len, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		c->answered = false;
	close_connection(c);
}

void ctl_refuse(struct ctl_connection *c, const struct err *why)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct json_out o = { .buf = &out };

	json_begin_object(&o);
	json_put_i64(&o, "errno", why->code);
	json_put_string(&o, "error", why->text);
	json_end_object(&o);
	ctl_answer(c, &out);
}

static void on_ctl_request(struct source *s, uint32_t events)
{
	struct ctl_connection *c = LOOP_OWNER(s, struct ctl_connection, source);
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct ctl_request q;
	struct err e = ERR_INIT;
	char frame[4096];
	ssize_t n = recv(c->fd, frame, sizeof frame, MSG_DONTWAIT | MSG_TRUNC);

	(void)events;
	if (n <= 0) {
		c->ctl->gone(c->ctl, c);
		close_connection(c);
		return;
	}
	if (c->answered) { /* here: it has asked before */
		return;
	}
	c->answered = true;
	if ((size_t)n > sizeof frame)
		err_msg(&e, EMSGSIZE, "request: longer than %zu bytes", sizeof frame);
	else if (ctl_request_decode(frame, (size_t)n, &a, &q, &e) >= 0)
		c->ctl->handle(c->ctl, c, &q);
	if (e.code)
		ctl_refuse(c, &e);
}

static bool may_ask(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof peer;

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
	       (peer.uid == 0 || peer.uid == geteuid());
}

static struct ctl_connection *ctl_free_slot(struct ctl *ctl)
{
	for (size_t i = 0; i < CTL_CONNECTIONS_MAX; i++)
		if (ctl->connections[i].fd < 0)
			return &ctl->connections[i];
	return NULL;
}

static void on_ctl_connection(struct source *s, uint32_t events)
{
	struct ctl *ctl = LOOP_OWNER(s, struct ctl, source);
	_cleanup_fd_ int fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct ctl_connection *c = ctl_free_slot(ctl);
	struct err ignored;

	(void)events;
	if (fd < 0 || !c || !may_ask(fd))
		return;
	if (loop_add(ctl->loop, &c->source, fd, EPOLLIN, on_ctl_request, &ignored) < 0)
		return;
	c->ctl = ctl;
	c->answered = false;
	c->fd = fd_take(&fd);
}

int ctl_open(struct ctl *ctl, struct loop *l, int dir_fd, struct err *e)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	_cleanup_fd_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	ctl->loop = l;
	ctl->fd = FD_NONE;
	for (size_t i = 0; i < CTL_CONNECTIONS_MAX; i++)
		ctl->connections[i] = (struct ctl_connection){ .source = SOURCE_INIT, .fd = FD_NONE };
	if (fd < 0)
		return err_set(e, errno, "make the control socket");
	if (unlinkat(dir_fd, CTL_SOCKET_NAME, 0) < 0 && errno != ENOENT)
		return err_set(e, errno, "remove the old control socket");
	snprintf(a.sun_path, sizeof a.sun_path, "/proc/self/fd/%d/" CTL_SOCKET_NAME, dir_fd);
	if (bind(fd, (struct sockaddr *)&a, sizeof a) < 0 ||
	    fchmodat(dir_fd, CTL_SOCKET_NAME, 0600, 0) < 0 || listen(fd, CTL_CONNECTIONS_MAX) < 0)
		return err_set(e, errno, "bind the control socket");
	int r = loop_add(l, &ctl->source, fd, EPOLLIN, on_ctl_connection, e);
	if (r >= 0)
		ctl->fd = fd_take(&fd);
	return r;
}

void ctl_close(struct ctl *ctl)
{
	if (ctl->fd < 0)
		return;
	for (size_t i = 0; i < CTL_CONNECTIONS_MAX; i++)
		if (ctl->connections[i].fd >= 0)
			close_connection(&ctl->connections[i]);
	loop_del(ctl->loop, &ctl->source);
	fd_close(&ctl->fd);
}

void ctl_refuse_why(struct ctl_connection *c, int errnum, const char *why)
{
	struct err e = ERR_INIT;

	err_msg(&e, errnum, "%s", why);
	ctl_refuse(c, &e);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* hold: see ports/hold.h, socket(7): SO_REUSEPORT, SO_ATTACH_REUSEPORT_EBPF. */
#include "ports/hold.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include "base/err.h"
#include "base/fd.h"
#include "ports/taken.h"

#define GUARD_BACKLOG 4096 /* net.core.somaxconn may be less */

static int guard_options(const struct port_hold *h, int fd)
{
	int on = 1, v6only = h->address.v6only;

	if (setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0)
		return -errno;
	if (h->address.family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6only, sizeof v6only) < 0)
		return -errno;
	/* The owner of a group's sockets is one and the same. */
	return h->uid != geteuid() && fchown(fd, h->uid, (gid_t)-1) < 0 ? -errno : 0;
}

static int make_guard(const struct port_hold *h, struct err *e)
{
	char text[PORT_ADDRESS_TEXT_MAX];
	struct sockaddr_storage at;
	socklen_t len = port_address_fill(&h->address, &at);
	_cleanup_fd_ int fd = socket(h->address.family, h->address.type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int r = fd < 0 ? -errno : guard_options(h, fd);

	if (r >= 0 && (bind(fd, (struct sockaddr *)&at, len) < 0 ||
		       (h->address.type == SOCK_STREAM && listen(fd, GUARD_BACKLOG) < 0)))
		r = -errno;
	port_address_text(&h->address, text);
	return r < 0 ? err_set(e, -r, "keep %s open", text) : fd_take(&fd);
}

int port_hold_open(struct port_hold *h, int fd, const struct port_address *address, struct err *e)
{
	struct stat st;

	*h = (struct port_hold){ .address = *address, .guard_fd = FD_NONE, .select = PORT_SELECT_INIT };
	if (fstat(fd, &st) < 0)
		return err_set(e, errno, "look at a member's socket");
	h->uid = st.st_uid;
	int r = port_select_open(&h->select, e);
	if (r >= 0)
		r = h->guard_fd = make_guard(h, e);
	if (r >= 0)
		r = port_select_attach(&h->select, h->guard_fd, e);
	if (r >= 0) {
		h->guarded = port_select_set(&h->select, &h->guard_fd, 1) == 1;
		return 0;
	}
	port_hold_close(h);
	return r;
}

void port_hold_close(struct port_hold *h)
{
	for (unsigned i = 0; i < h->n; i++)
		taken_close(&h->sockets[i].fd);
	h->n = 0;
	fd_close(&h->guard_fd);
	port_select_close(&h->select);
}

static bool can_serve(const struct port_hold *h, const struct port_socket *s)
{
	struct tcp_info info;
	socklen_t len = sizeof info;

	if (h->address.type != SOCK_STREAM)
		return true;
	return getsockopt(s->fd, IPPROTO_TCP, TCP_INFO, &info, &len) == 0 && info.tcpi_state == TCP_LISTEN;
}

unsigned port_socket_queued(int fd)
{
	struct tcp_info info;
	socklen_t len = sizeof info;

	/* Of a listener tcpi_unacked is the length of its accept queue. */
	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) < 0 || info.tcpi_state != TCP_LISTEN)
		return 0;
	return info.tcpi_unacked;
}

/* Its queue moves to the sockets that get clients now. Clients find our next one as soon as it is needed. */
static void renew_guard(struct port_hold *h)
{
	struct err ignored;

	if (h->guard_fd >= 0)
		h->moved += port_socket_queued(h->guard_fd);
	fd_close(&h->guard_fd);
	h->guard_fd = make_guard(h, &ignored);
	if (h->guard_fd < 0)
		h->guard_fd = FD_NONE;
}

static void guard(struct port_hold *h)
{
	if (h->guard_fd < 0)
		renew_guard(h);
	if (!h->guarded && h->guard_fd >= 0)
		h->guarded = port_select_set(&h->select, &h->guard_fd, 1) == 1;
}

void port_hold_activate(struct port_hold *h, int member)
{
	int fds[PORT_SELECT_MAX];
	unsigned n = 0;

	for (unsigned i = 0; i < h->n; i++)
		if (h->sockets[i].member == member && can_serve(h, &h->sockets[i]))
			fds[n++] = h->sockets[i].fd;
	if (!n || port_select_set(&h->select, fds, n) == 0) {
		guard(h);
		return;
	}
	if (!h->guarded)
		return;
	h->guarded = false;
	if (h->address.type == SOCK_STREAM)
		renew_guard(h);
}

int port_hold_add(struct port_hold *h, struct port_socket s, int active, struct err *e)
{
	struct stat st;

	if (h->n == PORT_SELECT_MAX)
		return err_msg(e, ENOSPC, "more than %d sockets listen on one address", PORT_SELECT_MAX);
	if (fstat(s.fd, &st) < 0)
		return err_set(e, errno, "look at a member's socket");
	s.inode = st.st_ino;
	h->sockets[h->n++] = s;
	if (s.member == active)
		port_hold_activate(h, active);
	return 0;
}

bool port_hold_has(const struct port_hold *h, int member, unsigned long inode)
{
	for (unsigned i = 0; i < h->n; i++)
		if (h->sockets[i].member == member && h->sockets[i].inode == inode)
			return true;
	return false;
}

/* Out of the choice first, so that what waits at the closed ones moves to those that stay. */
void port_hold_drop(struct port_hold *h, int member, int active,
		    bool (*is_gone)(const struct port_socket *s, void *arg), void *arg)
{
	int closed[PORT_SELECT_MAX];
	unsigned n = 0, kept = 0;

	for (unsigned i = 0; i < h->n; i++) {
		struct port_socket *s = &h->sockets[i];
		if (s->member == member && (!is_gone || is_gone(s, arg)))
			closed[n++] = s->fd;
		else
			h->sockets[kept++] = *s;
	}
	h->n = kept;
	if (!n)
		return;
	for (unsigned i = 0; i < n; i++)
		port_select_forget(&h->select, closed[i]);
	port_hold_activate(h, active);
	while (n > 0) {
		h->moved += port_socket_queued(closed[--n]);
		taken_close(&closed[n]);
	}
}

int port_hold_probe(struct port_hold *h, int member, int active, uint16_t source_port)
{
	const struct port_socket *found = NULL;

	for (unsigned i = 0; i < h->n; i++)
		if (h->sockets[i].member == member && can_serve(h, &h->sockets[i]))
			found = &h->sockets[i];
	if (!found || member >= PORT_PROBES_MAX)
		return -ENOENT;
	/* It gets all clients. */
	if (member == active && !h->guarded)
		return 0;
	return port_select_probe(&h->select, (unsigned)member, found->fd, source_port);
}

void port_hold_end_probe(struct port_hold *h, int member, uint16_t source_port)
{
	if (h->select.probes[member].source_port == source_port)
		port_select_end_probe(&h->select, (unsigned)member);
}

unsigned port_hold_queued(const struct port_hold *h)
{
	unsigned n = h->guard_fd >= 0 ? port_socket_queued(h->guard_fd) : 0;

	for (unsigned i = 0; i < h->n; i++)
		n += port_socket_queued(h->sockets[i].fd);
	return n;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* keeper_probe: see keeper_probe.h. The source port is the connection's mark: it is known before it is made. */
#include "ports/keeper_probe.h"

#include <errno.h>
#include <sys/socket.h>

#include "base/address.h"
#include "base/err.h"
#include "base/fd.h"
#include "ports/table.h"

static uint16_t source_port_of(int fd)
{
	union address a = { 0 };
	socklen_t len = sizeof a;

	if (getsockname(fd, &a.any, &len) < 0)
		return 0;
	return a.any.sa_family == AF_INET6 ? a.in6.sin6_port : a.in.sin_port;
}

static int bind_any(int fd, int family)
{
	union address a = { .any.sa_family = (sa_family_t)family };

	return bind(fd, &a.any, family == AF_INET6 ? sizeof a.in6 : sizeof a.in);
}

int keeper_probe_begin(struct keeper_probe *p, struct port_table *t, int member, const char *host, int port, int *ret_fd,
		       struct err *e)
{
	struct port_address to = { .type = SOCK_STREAM };
	union address a;
	socklen_t len = address_ip(&a, host, (uint16_t)port);

	keeper_probe_end(p);
	if (!len || !port_address_parse(&to, &a, len))
		return err_msg(e, EINVAL, "not an address: %s", host);
	struct port_hold *h = port_table_find(t, member, &to);
	if (!h)
		return err_msg(e, ESRCH, "nothing is held there");
	_cleanup_fd_ int fd = socket(a.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || bind_any(fd, a.any.sa_family) < 0)
		return err_set(e, errno, "make a socket");
	uint16_t source_port = source_port_of(fd);
	int r = port_hold_probe(h, member, t->active, source_port);
	if (r < 0)
		return r == -ENOENT ? err_msg(e, ENOENT, "it does not listen there") : err_set(e, -r, "reach the member");
	*p = (struct keeper_probe){ .hold = h, .member = member, .source_port = source_port };
	if (connect(fd, &a.any, len) < 0 && errno != EINPROGRESS)
		return err_set(e, errno, "connect");
	*ret_fd = fd_take(&fd);
	return 0;
}

void keeper_probe_end(struct keeper_probe *p)
{
	if (p->hold)
		port_hold_end_probe(p->hold, p->member, p->source_port);
	p->hold = NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* own_sockets: see own_sockets.h. */
#include "service/own_sockets.h"

#include <stdlib.h>
#include <sys/socket.h>

#include "base/err.h"
#include "base/fd.h"
#include "policy/policy.h"
#include "service/fdset.h"
#include "service/listen.h"
#include "service/member.h"
#include "service/ports.h"

unsigned own_sockets_count(const struct own_sockets *o)
{
	return o->policy->own_sockets ? o->policy->n_listen : 0;
}

static int open_one(struct own_sockets *o, const struct member *m, unsigned i, int net_fd, struct err *e)
{
	const struct listen_policy *l = &o->policy->listen[i];
	_cleanup_fd_ int fd = listen_open(l, net_fd, e);
	int r = fd < 0 ? fd : 0;

	if (r >= 0 && l->kind == LISTEN_TCP && listen(fd, (int)l->backlog) < 0)
		r = err_set(e, errno, "--listen %s: listen", l->text);
	if (r >= 0)
		r = service_ports_give(o->ports, m->index, (int)i, fd, net_fd < 0 ? m->pidfd : net_fd, e);
	return r < 0 ? r : fd_take(&fd);
}

int own_sockets_make(struct own_sockets *o, const struct member *m, int net_fd, struct err *e)
{
	unsigned n = own_sockets_count(o);
	int **fds = &o->fds[m->index];

	if (!n || *fds)
		return 0;
	*fds = calloc(n, sizeof **fds);
	if (!*fds)
		return err_set(e, ENOMEM, "make the sockets of %s", m->name);
	for (unsigned i = 0; i < n; i++)
		(*fds)[i] = FD_NONE;
	for (unsigned i = 0; i < n; i++) {
		(*fds)[i] = open_one(o, m, i, net_fd, e);
		if ((*fds)[i] < 0) {
			own_sockets_drop(o, m);
			return -e->code;
		}
	}
	return 0;
}

int own_sockets_fd(const struct own_sockets *o, const struct member *m, unsigned i, const struct fdset *set)
{
	const int *fds = o->fds[m->index];

	return fds && i < o->policy->n_listen ? fds[i] : set->v[i].fd;
}

void own_sockets_drop(struct own_sockets *o, const struct member *m)
{
	int **fds = &o->fds[m->index];

	for (unsigned i = 0; *fds && i < o->policy->n_listen; i++)
		fd_close(&(*fds)[i]);
	free(*fds);
	*fds = NULL;
}

void own_sockets_retire(struct own_sockets *o, const struct member *m)
{
	own_sockets_drop(o, m);
	if (o->policy->own_sockets)
		service_ports_retire(o->ports, m->index);
}

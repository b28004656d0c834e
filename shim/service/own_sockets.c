/* own_sockets: see own_sockets.h. */
#include "service/own_sockets.h"

#include <stdlib.h>
#include <sys/socket.h>

#include "base/err.h"
#include "base/fd.h"
#include "service/listen.h"
#include "service/parts.h"

_Static_assert(sizeof(struct own_sockets) / sizeof(int *) == MACHINE_MEMBERS_MAX, "a place a member");

unsigned own_sockets_count(const struct service *s)
{
	return s->policy->own_sockets ? s->policy->n_listen : 0;
}

static int open_one(struct service *s, const struct member *m, unsigned i, struct err *e)
{
	const struct listen_policy *l = &s->policy->listen[i];
	int net_fd = s->shared.held.fd[OCI_NS_NETWORK];
	_cleanup_fd_ int fd = listen_open(l, net_fd, e);
	int r = fd < 0 ? fd : 0;

	if (r >= 0 && l->kind == LISTEN_TCP && listen(fd, (int)l->backlog) < 0)
		r = err_set(e, errno, "--listen %s: listen", l->text);
	if (r >= 0)
		r = service_ports_give(&s->ports, m->index, (int)i, fd, net_fd < 0 ? m->pidfd : net_fd, e);
	return r < 0 ? r : fd_take(&fd);
}

int own_sockets_make(struct service *s, struct member *m, struct err *e)
{
	unsigned n = own_sockets_count(s);
	int **fds = &s->own_sockets.fds[m->index];

	if (!n || *fds)
		return 0;
	*fds = calloc(n, sizeof **fds);
	if (!*fds)
		return err_set(e, ENOMEM, "make the sockets of %s", m->name);
	for (unsigned i = 0; i < n; i++)
		(*fds)[i] = FD_NONE;
	for (unsigned i = 0; i < n; i++) {
		(*fds)[i] = open_one(s, m, i, e);
		if ((*fds)[i] < 0) {
			own_sockets_drop(s, m);
			return -e->code;
		}
	}
	return 0;
}

int own_sockets_fd(const struct service *s, const struct member *m, unsigned i)
{
	const int *fds = s->own_sockets.fds[m->index];

	return fds && i < s->policy->n_listen ? fds[i] : s->store.set.v[i].fd;
}

void own_sockets_drop(struct service *s, struct member *m)
{
	int **fds = &s->own_sockets.fds[m->index];

	for (unsigned i = 0; *fds && i < s->policy->n_listen; i++)
		fd_close(&(*fds)[i]);
	free(*fds);
	*fds = NULL;
}

void own_sockets_retire(struct service *s, struct member *m)
{
	own_sockets_drop(s, m);
	if (s->policy->own_sockets)
		service_ports_retire(&s->ports, m->index);
}

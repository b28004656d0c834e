/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hand_on: what is done for the container's own process, be it the task that was cloned or the successor of that: limits,
 * and the listeners of its filters, which go to the agents that serve them.
 */
#include "base/err.h"
#include "base/fd.h"
#include "creation.h"
#include "seccomp/filter.h"
#include "seccomp/listener.h"
#include "wire/sync.h"

/* The host's user that the process will be: the cgroup's owner when it is delegated. */
static uid_t host_uid(const struct creation *m)
{
	const oci_id_mappings *maps = &m->config->linux_->uid_mappings;
	uint32_t uid = m->config->process->user.uid;

	for (size_t i = 0; i < maps->n; i++)
		if (uid >= maps->v[i].container_id && uid - maps->v[i].container_id < maps->v[i].size)
			return maps->v[i].host_id + (uid - maps->v[i].container_id);
	return uid;
}

/* While init makes its mounts: nothing of the container runs before GO. The task of one that has a successor is not the
 * container's, and takes processes of its own. */
int creation_limit(struct creation *m, struct err *e)
{
	if (m->cgroup.fd < 0 || (ns_enters_last(&m->ns) && !m->has_successor))
		return 0;
	int r = m->driver->apply(&m->cgroup, &m->place, m->config->linux_->resources, false, e);
	return r < 0 ? r : cgroup_delegate(&m->cgroup, m->config, host_uid(m), e);
}

static int give_ports(struct creation *m, int fd, struct err *e)
{
	return m->o->take_ports(m->o->take_ports_arg, fd, m->c->pidfd, m->cgroup.fd, e);
}

static int give_seccomp(struct creation *m, int fd, struct err *e)
{
	return seccomp_send_listener(m->config->linux_->seccomp, m->c->state, STATUS_CREATING, m->child.pid, fd, e);
}

/* Takes a listener out of the process that speaks. The listener of a task that is going to have a successor is kept for that. */
static int take_listener(struct creation *m, int remote_fd, int *keep,
			 int (*give)(struct creation *m, int fd, struct err *e), struct err *e)
{
	_cleanup_fd_ int fd = seccomp_take_listener(m->c->pidfd, remote_fd, m->init.runtime_end, e);
	int r = fd < 0 ? fd : 0;

	if (r >= 0 && ns_enters_last(&m->ns) && !m->has_successor)
		*keep = fd_take(&fd);
	else if (r >= 0)
		r = give(m, fd, e);
	return r < 0 ? r : sync_send(m->init.runtime_end, SYNC_TAKEN, 0, e);
}

int creation_take_ports(struct creation *m, int remote_fd, struct err *e)
{
	return take_listener(m, remote_fd, &m->ports_fd, give_ports, e);
}

int creation_take_seccomp(struct creation *m, int remote_fd, struct err *e)
{
	return take_listener(m, remote_fd, &m->seccomp_fd, give_seccomp, e);
}

int creation_hand_on(struct creation *m, struct err *e)
{
	int r = m->ports_fd < 0 ? 0 : give_ports(m, m->ports_fd, e);

	if (r >= 0 && m->seccomp_fd >= 0)
		r = give_seccomp(m, m->seccomp_fd, e);
	fd_close(&m->ports_fd);
	fd_close(&m->seccomp_fd);
	return r;
}

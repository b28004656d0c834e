/* SPDX-License-Identifier: Apache-2.0 */
/* creation_cgroup: the container's cgroup, where a driver makes it, before init is there or around it. See creation.h. */
#include "base/err.h"
#include "creation.h"
#include "oci.h"

int creation_plan_cgroup(struct creation *m, struct err *e)
{
	int r = m->driver->plan(&m->cgroup, &m->c->arena, m->config, m->o->id, &m->place, e);

	container_keep_place(m->c, &m->place);
	return r;
}

static int make_cgroup(struct creation *m, struct err *e)
{
	const struct oci_resources *resources = m->config->linux_->resources;
	int r = m->driver->make(&m->cgroup, &m->c->arena, &m->place, resources, e);

	if (r < 0 && !m->o->systemd_cgroup && cgroup_can_do_without(m->config, -r)) {
		err_clear(e);
		m->place = (struct cgroup_place){ .path = NULL };
		r = 0;
	}
	container_keep_place(m->c, &m->place);
	return cgroup_advise(r, &m->place, e);
}

bool creation_has_cgroup_around(const struct creation *m)
{
	return m->driver->begin && oci_namespace_is_own(m->config, OCI_NS_CGROUP);
}

int creation_cgroup(struct creation *m, struct err *e)
{
	if (!creation_has_cgroup_around(m))
		return make_cgroup(m, e);
	m->driver->begin(&m->cgroup, &m->c->arena);
	return 0;
}

int creation_cgroup_around(struct creation *m, struct err *e)
{
	if (!creation_has_cgroup_around(m))
		return 0;
	m->cgroup.first = m->child.pid;
	int r = make_cgroup(m, e);
	return r < 0 ? r : ns_let_go(&m->hold_fd, e);
}

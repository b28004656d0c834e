/* service/probe_target: where a probe asks a member. */
#include "base/fd.h"
#include "service/parts.h"

struct probe_target service_probe_target(struct service *s, const struct member *m)
{
	return (struct probe_target){
		.pidfd = m->pidfd,
		.cgroup_fd = m->cgroup_fd,
		.members = &s->members_rt,
		.member_id = m->name,
		.ports_dir_fd = s->policy->n_ports || s->policy->own_sockets ? s->container.dir_fd : FD_NONE,
		.member = m->index,
	};
}

/* SPDX-License-Identifier: Apache-2.0 */
/* probe_target: see probe_target.h. */
#include "service/probe_target.h"

#include "base/fd.h"
#include "container.h"
#include "policy/policy.h"
#include "service/member.h"

struct probe_target probe_target_of(const struct member *m)
{
	const struct member_common *common = m->common;

	return (struct probe_target){
		.pidfd = m->pidfd,
		.cgroup_fd = m->cgroup_fd,
		.members = common->runtime,
		.member_id = m->name,
		.ports_dir_fd = common->policy->n_ports || common->policy->own_sockets ? common->container->dir_fd : FD_NONE,
		.member = m->index,
	};
}

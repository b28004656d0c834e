/* SPDX-License-Identifier: Apache-2.0 */
/* service/new: a service as it begins: empty, with every descriptor none. */
#include <stdlib.h>

#include "base/fd.h"
#include "service/parts.h"
#include "service/terms.h"

void service_obey(struct service *s, const struct policy *p)
{
	s->policy = s->watch.policy = s->shared.policy = s->own_sockets.policy = s->common.policy = p;
	s->store.max = p->fdstore_max;
	s->callouts.command = p->on_event;
}

static void lend_to_members(struct service *s)
{
	s->common = (struct member_common){
		.loop = &s->loop,
		.runtime = &s->members_rt,
		.container = &s->container,
		.made = &s->made,
		.shared = &s->shared,
		.above_pid_ns_fd = &s->standin.process.pid_ns_fd,
		.fds = &s->store.set,
		.log = &s->record.log,
		.ends = &s->ends,
	};
}

struct service *service_new(struct runtime *rt, const struct create_opts *o, const struct service_terms *t)
{
	struct service *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	s->rt = rt;
	s->adoption.active = -1;
	s->container = CONTAINER_INIT;
	standin_init(&s->standin.process);
	s->members_rt.root_fd = s->ctl.fd = FD_NONE;
	s->ends = (struct service_ends){ FD_NONE, FD_NONE, FD_NONE };
	s->signals = s->ctl.source = SOURCE_INIT;
	s->folder = FOLDER_WATCH_INIT;
	s->unit = UNIT_WATCH_INIT;
	s->poststart = POSTSTART_INIT;
	s->pause = PAUSE_INIT;
	s->ports = SERVICE_PORTS_INIT;
	s->heat = HEAT_INIT;
	s->manager = MANAGER_INIT;
	shared_init(&s->shared);
	s->shared.container = &s->container;
	s->shared.set = &s->store.set;
	s->own_sockets.ports = &s->ports;
	fdstore_init(&s->store);
	record_init(&s->record);
	s->callouts = CALLOUTS_INIT;
	watch_init(&s->watch);
	waiters_init(&s->waiters);
	lend_to_members(s);
	if (!o)
		return s;
	service_obey(s, &t->policy);
	s->made.flags = &t->flags;
	s->made.warnings = t->warnings;
	s->id_is_new = true;
	s->id = o->id;
	s->made.create = *o;
	s->made.create.pid_file = s->made.create.pidfd_socket = NULL; /* members have none: it is the active one's */
	s->made.create.detach = s->made.create.keep = false;
	s->waiters.pid_file = o->pid_file;
	s->waiters.pidfd_socket = o->pidfd_socket;
	s->made.foreground = !o->detach;
	s->made.keep = o->keep;
	return s;
}

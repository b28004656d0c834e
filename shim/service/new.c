/* service/new: a service as it begins: empty, with every descriptor none. */
#include <stdlib.h>

#include "base/fd.h"
#include "service/parts.h"
#include "service/terms.h"

struct service *service_new(struct runtime *rt, const struct create_opts *o, const struct service_terms *t)
{
	struct service *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	s->rt = rt;
	s->adopted = -1;
	s->container = CONTAINER_INIT;
	standin_init(&s->standin);
	s->generation_fd = s->standing_fd = s->given_fd = s->waiters.caller_fd = s->log.fd = s->ctl.fd = FD_NONE;
	s->members_rt.root_fd = s->log_dir_fd = s->journal_dir_fd = FD_NONE;
	s->ends = (struct service_ends){ FD_NONE, FD_NONE, FD_NONE };
	s->signals = s->ctl.source = s->hangups = s->folder = s->unit = SOURCE_INIT;
	s->journal = JOURNAL_INIT;
	s->hooks = WORKER_INIT;
	s->oom = OOM_INIT;
	probe_init(&s->probe);
	s->pause = PAUSE_INIT;
	fdset_init(&s->fds);
	s->ports = SERVICE_PORTS_INIT;
	s->heat = HEAT_INIT;
	s->manager = MANAGER_INIT;
	for (size_t i = 0; i < OCI_NS_COUNT; i++)
		s->shared.fd[i] = FD_NONE;
	if (!o)
		return s;
	s->policy = &t->policy;
	s->flags = &t->flags;
	s->warnings = t->warnings;
	s->id_is_new = true;
	s->id = o->id;
	s->create = *o;
	s->create.pid_file = s->create.pidfd_socket = NULL; /* members have none: it is the active one's */
	s->create.detach = s->create.keep = false;
	s->pid_file = o->pid_file;
	s->pidfd_socket = o->pidfd_socket;
	s->foreground = !o->detach;
	s->keep = o->keep;
	return s;
}

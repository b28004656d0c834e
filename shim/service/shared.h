/* shared: what all members share: the namespaces of the first one, and the sockets in its network namespace. */
#pragma once

#include <stdbool.h>

#include "service/adapt.h"

struct service_shared {
	struct shared_namespaces held; /* FD_NONE: not there, or not the service's own */
	unsigned own; /* 1 << OCI_NS_*: what the primary brings and all share */
	bool listening; /* the sockets are open */
	bool renewing; /* adopted with no member there: the next one makes the namespaces anew */
};

void shared_init(struct service_shared *sh);
void shared_finish(struct service_shared *sh);

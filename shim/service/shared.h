/* SPDX-License-Identifier: Apache-2.0 */
/* shared: what all members share: the namespaces of the first one, and the sockets in its network namespace. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "service/adapt.h"

struct container;
struct err;
struct fdset;
struct member;
struct policy;

struct service_shared {
	const struct policy *policy;
	const struct container *container; /* the service's */
	struct fdset *set; /* the descriptors that members are given: the sockets are its first */
	/* What a member has done to a socket must not stop the next one: it is told. */
	void (*warn)(struct service_shared *sh, const struct err *why);
	struct shared_namespaces held; /* FD_NONE: not there, or not the service's own */
	unsigned own; /* 1 << OCI_NS_*: what the primary brings and all share */
	bool listening; /* the sockets are open */
	bool renewing; /* adopted with no member there: the next one makes the namespaces anew */
};

/* It holds nothing; policy, container, set and warn are the owner's to set. */
void shared_init(struct service_shared *sh);
/* Lets the namespaces go; the sockets are `set`'s. */
void shared_finish(struct service_shared *sh);

/* The first member, which waits at its gate, brings the namespaces that all share; then opens the sockets in them. */
int shared_join(struct service_shared *sh, const struct member *m, struct err *e);

/*
 * Holds those namespaces of the process that are the service's own and not `but` (1 << OCI_NS_*), and not held yet. `gate_fd`:
 * of an init that waits, the connection to it; FD_NONE: none. -EACCES: neither /proc nor init gives one of them.
 */
int shared_hold(struct service_shared *sh, pid_t pid, int pidfd, int gate_fd, unsigned but, struct err *e);

/* Before sockets that a member had are given to the next one: mends them, or opens them anew, which is a warning. */
void shared_mend(struct service_shared *sh);

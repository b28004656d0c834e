/* SPDX-License-Identifier: Apache-2.0 */
/*
 * own_sockets: --listen beside programs that run before they serve: each member has tcp and udp sockets of its own, at the
 * same descriptor numbers, and the keeper of the ports (service/ports.h) lets those of the one that serves have the clients. The
 * shim's own socket of each address, which never listens, keeps strangers off it.
 */
#pragma once

#include <stdbool.h>

#include "machine/machine.h"

struct err;
struct member;
struct fdset;
struct policy;
struct service_ports;

struct own_sockets {
	const struct policy *policy;
	struct service_ports *ports; /* whose keeper is given them, too */
	/* Of each member that waits at its gate, those that it will be given: policy->n_listen. NULL: none. */
	int *fds[MACHINE_MEMBERS_MAX];
};

/* Descriptors that a standby is given. */
unsigned own_sockets_count(const struct own_sockets *o);

/* Makes those of a member, which is about to be let run, if it has none, and gives them to the keeper. `net_fd`: the network
 * namespace that all share; FD_NONE: the member's. On failure it has none. */
int own_sockets_make(struct own_sockets *o, const struct member *m, int net_fd, struct err *e);

/* The descriptor that the member is given in the place of the `i`th of `set`, the service's; borrowed. */
int own_sockets_fd(const struct own_sockets *o, const struct member *m, unsigned i, const struct fdset *set);

/* It has them, or will never need them: closes ours. */
void own_sockets_drop(struct own_sockets *o, const struct member *m);

/* It is gone: the keeper closes its own, too. */
void own_sockets_retire(struct own_sockets *o, const struct member *m);

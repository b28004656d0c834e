/*
 * own_sockets: --listen beside programs that run before they serve: each member has tcp and udp sockets of its own, at the
 * same descriptor numbers, and the keeper of the ports (service/ports.h) lets those of the one that serves have the clients. The
 * shim's own socket of each address, which never listens, keeps strangers off it.
 */
#pragma once

#include <stdbool.h>

struct err;
struct member;
struct service;

/* Of each member that waits at its gate, those that it will be given: policy->n_listen. */
struct own_sockets {
	int *fds[16]; /* MACHINE_MEMBERS_MAX; NULL: none */
};

/* Descriptors that a standby is given. */
unsigned own_sockets_count(const struct service *s);

/* Makes those of a member, which is about to be let run, if it has none. */
int own_sockets_make(struct service *s, struct member *m, struct err *e);

/* What the member is given in the place of the service's `i`th descriptor. */
int own_sockets_fd(const struct service *s, const struct member *m, unsigned i);

/* It has them, or will never need them. */
void own_sockets_drop(struct service *s, struct member *m);

/* It is gone. */
void own_sockets_retire(struct service *s, struct member *m);

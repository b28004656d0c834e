/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hold: one address that stays open: the SO_REUSEPORT group of everything that listens on it, which of it gets
 * clients, and the guard: a listener of our own that gets them while no member does. When one that has clients waiting
 * is closed, they move to the socket that gets clients then.
 */
#pragma once

#include <stdbool.h>

#include "ports/address.h"
#include "ports/select.h"

struct err;

struct port_socket {
	int fd; /* a duplicate of the member's: as long as we have it the socket stays */
	int member;
	unsigned long inode;
	bool given; /* not opened by the member itself */
};

struct port_hold {
	struct port_address address;
	uid_t uid; /* the kernel lets sockets of one user alone share an address */
	struct port_select select;
	int guard_fd;
	bool guarded; /* the guard gets the clients */
	uint64_t moved; /* clients that waited where a socket was closed */
	struct port_socket sockets[PORT_SELECT_MAX];
	unsigned n;
};

/*
 * Begins to hold the address of `fd`, a member's bound socket with SO_REUSEPORT, which is borrowed: makes the guard in the
 * caller's network namespace and lets it get the clients. On failure nothing is held.
 */
int port_hold_open(struct port_hold *h, int fd, const struct port_address *address, struct err *e);

/* Closes all; clients that wait are refused, unless a member listens on. */
void port_hold_close(struct port_hold *h);

/* Takes `s`, a listening (or bound UDP) socket; it gets clients when its member is the `active` one. -ENOSPC when there are too
 * many; after an error s.fd is still the caller's. */
int port_hold_add(struct port_hold *h, struct port_socket s, int active, struct err *e);

/* True when the member has a socket with that inode in it. */
bool port_hold_has(const struct port_hold *h, int member, unsigned long inode);

/* Gives the clients to that member's sockets, to the guard when it has none that can take them. */
void port_hold_activate(struct port_hold *h, int member);

/*
 * A connection from `source_port` (in network byte order) of the service's own network is to reach that member. -ENOENT: it has no
 * socket that could take it. The member's own probes: one at a time. 0 or -errno.
 */
int port_hold_probe(struct port_hold *h, int member, int active, uint16_t source_port);
/* That connection has reached it, or is given up. */
void port_hold_end_probe(struct port_hold *h, int member, uint16_t source_port);

/* Closes the member's sockets for which `is_gone` is true (NULL: all). `active` gets clients as before. */
void port_hold_drop(struct port_hold *h, int member, int active,
		    bool (*is_gone)(const struct port_socket *s, void *arg), void *arg);

/* Clients that wait to be accepted: by the guard, or by the member's sockets. */
unsigned port_hold_queued(const struct port_hold *h);

/* The clients that wait at one socket; 0 for UDP. */
unsigned port_socket_queued(int fd);

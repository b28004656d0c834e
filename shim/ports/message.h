/* SPDX-License-Identifier: Apache-2.0 */
/* message: what the shim, its builders and the keeper of the ports say to each other: one SEQPACKET frame each. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "ports/address.h"

struct err;

#define PORTS_FILE "ports" /* the keeper's socket, in the service's state folder */
#define PORT_HOLDS_MAX 16 /* addresses that a service can hold */
#define PORT_TEXT_MAX 256

enum port_message_type {
	/* to the keeper; each is answered by DONE or FAILED */
	PORTS_MEMBER = 1, /* member, with its filter's listener, init's pidfd and its cgroup (if any): it is about to start */
	PORTS_ACTIVE, /* member (-1: none) gets the clients from now on */
	PORTS_RETIRE, /* member: forget it and close what it had open */
	PORTS_SOCKET, /* member, with a socket that it is given and its network's pidfd or namespace; number: which one, from 0 */
	/* member, number: a port, text: a numeric address: connects there, to that member and no other. Answered by DONE with the
	 * socket, which is on its way, or FAILED: -ESRCH, nothing is held there, -ENOENT, it does not listen. Until the end of
	 * this connection. */
	PORTS_PROBE,
	PORTS_QUERY, /* answered by ROWS */
	PORTS_WATCH, /* this connection is told of LISTENS and WARNING from now on */
	PORTS_END, /* close everything, and end */
	/* from the keeper */
	PORTS_DONE,
	PORTS_FAILED, /* number: errno; text */
	PORTS_ROWS,
	PORTS_LISTENS, /* member listens on `number` addresses of those that it is to hold; text: the new one, "": as before */
	PORTS_WARNING, /* member; text */
	PORT_MESSAGES,
};

/* One held address. */
struct port_row {
	struct port_address address;
	int32_t member; /* the one that gets the clients; -1: the guard, they wait */
	uint32_t sockets; /* of all members */
	uint32_t queued; /* clients that wait to be accepted */
	uint64_t moved; /* clients that waited, and moved on to another socket, since the keeper began */
};

struct port_message {
	uint32_t type; /* enum port_message_type */
	int32_t member;
	int32_t number;
	uint32_t n_rows;
	union {
		char text[PORT_TEXT_MAX];
		struct port_row rows[PORT_HOLDS_MAX];
	};
};

#define PORT_MESSAGE_FDS 3

/*
 * Sends one with up to PORT_MESSAGE_FDS descriptors, borrowed (FD_NONE: not that one, which must be the last; `fds` NULL: none). Never
 * waits: 0, or -errno, -EAGAIN when the other side does not read.
 */
int port_message_send(int fd, const struct port_message *m, const int *fds);

/*
 * Receives one: 1, or 0 at the end of the connection, or -errno. `fds` (may be NULL: those that come are closed) gets
 * PORT_MESSAGE_FDS descriptors, FD_NONE for those that did not come; the caller's. A malformed frame is -EPROTO.
 */
int port_message_receive(int fd, struct port_message *m, int *fds);

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keeper: the process that holds a service's ports. Of its own, because a member's sockets may not keep the shim
 * waiting, and because ports stay held while the shim is dead: binds and listens of members are answered on, clients
 * wait. It enters the network namespace of the first member that it hears of: the service's. It ends when it is told to,
 * or when the service's state folder goes away.
 */
#pragma once

#include <sys/types.h>

#include "ports/policy.h"

struct err;
struct port_message;

struct keeper_opts {
	int folder_fd; /* the service's state folder */
	const struct port_policy *policy;
	unsigned n_policy;
};

/* Starts it and returns its pidfd, the caller's: it is a child, which somebody has to collect. It listens by then. */
int port_keeper_start(const struct keeper_opts *o, pid_t *ret_pid, struct err *e);

/* Connects to the keeper of the service whose state folder that is. -ECONNREFUSED, -ENOENT: there is none. */
int port_keeper_connect(int folder_fd, struct err *e);

/*
 * Asks and waits for the answer, 2 s at most (-ETIMEDOUT). `fds` as port_message_send() takes them. `ret` (may be NULL) gets
 * the answer; a FAILED one is its error.
 */
int port_keeper_ask(int fd, const struct port_message *m, const int *fds, struct port_message *ret, struct err *e);

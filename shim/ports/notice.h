/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notice: a member's call of bind(2) or listen(2), held back by the filter of port_filter.h until it is answered
 * (seccomp_unotify(2)). This is no security boundary: a program that gets round it has a port that is not held.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "ports/address.h"

struct err;

struct port_notice {
	int notify_fd; /* borrowed */
	uint64_t id;
	bool is_listen;
	int backlog; /* listen(2)'s */
	int socket_fd; /* owned: a duplicate of the member's socket; FD_NONE: none of ours */
	bool has_target;
	struct port_address target; /* bind(2): where to; listen(2): where it is bound */
};

/*
 * Takes the next call of that filter's processes: 1, or 0 when there is none any more. With socket_fd FD_NONE there
 * is nothing to be done but to answer it. Each is to be answered by one of the next two.
 */
int port_notice_receive(int notify_fd, struct port_notice *ret);

/* Lets the call go on as if nothing had been. Closes socket_fd, if it has not been taken. */
void port_notice_continue(struct port_notice *n);

/* Ends the call with that errno, which is positive. Closes socket_fd, if it has not been taken. */
void port_notice_refuse(struct port_notice *n, int error);

/* SPDX-License-Identifier: Apache-2.0 */
/* address: a socket's address of the families that a policy can name. */
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

union address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_un un;
};

/* Fill `a` and return its length. A path that is too long is cut: a caller that has it from a user checks that before. */
socklen_t address_unix(union address *a, const char *path);

/* `host` is numeric, IPv6 without brackets; 0 when it is neither. */
socklen_t address_ip(union address *a, const char *host, uint16_t port);

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * service: what the programs of this folder have in common: addresses, the systemd protocol's two ends
 * in a member (LISTEN_FDS and NOTIFY_SOCKET, by hand: these programs are static), the clock.
 */
#pragma once

#include <stdint.h>
#include <sys/socket.h>

struct address {
	struct sockaddr_storage sa;
	socklen_t len;
};

/* Prints "NAME: WHAT: errno's text" and exits with 1. */
__attribute__((noreturn)) void die(const char *what);

/* "tcp:[HOST]:PORT" (numeric, IPv4 or [IPv6]) or "unix:PATH"; exits with 2 when it is neither. */
void parse_address(const char *text, struct address *ret);

/* Listens there. */
int listen_at(const char *text);

/* How many descriptors from 3 on are passed to this very process: LISTEN_PID, LISTEN_FDS. */
int inherited_fds(void);

/* Sends a datagram to NOTIFY_SOCKET; 0 when there is none, 1 when it was sent, else -1. */
int notify(const char *text);

/* CLOCK_MONOTONIC. */
int64_t now_ns(void);

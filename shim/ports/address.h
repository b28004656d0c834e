/* SPDX-License-Identifier: Apache-2.0 */
/* address: the local address of a socket that may be held: protocol, family, address, port. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include <netinet/in.h>

#define PORT_ADDRESS_TEXT_MAX 64 /* "tcp:[2001:db8::1]:65535" */

struct port_address {
	int family; /* AF_INET, AF_INET6 */
	int type; /* SOCK_STREAM, SOCK_DGRAM */
	uint8_t ip[16]; /* the first 4 bytes of AF_INET; the rest is zero */
	uint16_t port; /* host byte order */
	bool v6only; /* AF_INET6: takes no IPv4 */
};

/* From bytes in the form of sockaddr_in or sockaddr_in6; family and port are set. False for another family. */
bool port_address_parse(struct port_address *a, const void *sockaddr, size_t len);

/* Of the socket `fd`: its family and type without an address. False when it is no TCP or UDP socket. */
bool port_address_kind(struct port_address *a, int fd);

/* Of a bound socket, whole. False when it is no TCP or UDP socket, or is not bound. */
bool port_address_of(struct port_address *a, int fd);

/* For bind(2): returns the length. */
socklen_t port_address_fill(const struct port_address *a, struct sockaddr_storage *ret);

/* 0.0.0.0 or [::]. */
bool port_address_is_any(const struct port_address *a);

/* The same address; whether IPv6 takes IPv4 counts for [::] alone. */
bool port_address_equal(const struct port_address *a, const struct port_address *b);

/* "tcp:0.0.0.0:80", "udp:[::]:53". */
void port_address_text(const struct port_address *a, char text[PORT_ADDRESS_TEXT_MAX]);

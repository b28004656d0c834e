/* SPDX-License-Identifier: Apache-2.0 */
/* address: see ports/address.h. */
#include "ports/address.h"

#include <stdio.h>
#include <string.h>

#include <arpa/inet.h>

bool port_address_parse(struct port_address *a, const void *sockaddr, size_t len)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	sa_family_t family;

	if (len < sizeof family)
		return false;
	memcpy(&family, sockaddr, sizeof family);
	memset(a->ip, 0, sizeof a->ip);
	a->family = family;
	if (family == AF_INET && len >= sizeof in) {
		memcpy(&in, sockaddr, sizeof in);
		memcpy(a->ip, &in.sin_addr, sizeof in.sin_addr);
		a->port = ntohs(in.sin_port);
		return true;
	}
	/* The kernel takes one without the scope, too (RFC 2133). */
	if (family == AF_INET6 && len >= offsetof(struct sockaddr_in6, sin6_scope_id)) {
		memset(&in6, 0, sizeof in6);
		memcpy(&in6, sockaddr, len < sizeof in6 ? len : sizeof in6);
		memcpy(a->ip, &in6.sin6_addr, sizeof a->ip);
		a->port = ntohs(in6.sin6_port);
		return true;
	}
	return false;
}

static int option(int fd, int level, int name)
{
	int value = 0;
	socklen_t len = sizeof value;

	return getsockopt(fd, level, name, &value, &len) < 0 ? -1 : value;
}

bool port_address_kind(struct port_address *a, int fd)
{
	int protocol = option(fd, SOL_SOCKET, SO_PROTOCOL);

	a->family = option(fd, SOL_SOCKET, SO_DOMAIN);
	a->type = option(fd, SOL_SOCKET, SO_TYPE);
	a->v6only = a->family == AF_INET6 && option(fd, IPPROTO_IPV6, IPV6_V6ONLY) > 0;
	return (a->family == AF_INET || a->family == AF_INET6) &&
	       ((a->type == SOCK_STREAM && protocol == IPPROTO_TCP) ||
		(a->type == SOCK_DGRAM && protocol == IPPROTO_UDP));
}

bool port_address_of(struct port_address *a, int fd)
{
	struct sockaddr_storage bound;
	socklen_t len = sizeof bound;

	*a = (struct port_address){ 0 };
	return port_address_kind(a, fd) && getsockname(fd, (struct sockaddr *)&bound, &len) == 0 &&
	       port_address_parse(a, &bound, len) && a->port != 0;
}

socklen_t port_address_fill(const struct port_address *a, struct sockaddr_storage *ret)
{
	struct sockaddr_in *in = (struct sockaddr_in *)ret;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ret;

	*ret = (struct sockaddr_storage){ .ss_family = (sa_family_t)a->family };
	if (a->family == AF_INET) {
		memcpy(&in->sin_addr, a->ip, sizeof in->sin_addr);
		in->sin_port = htons(a->port);
		return sizeof *in;
	}
	memcpy(&in6->sin6_addr, a->ip, sizeof in6->sin6_addr);
	in6->sin6_port = htons(a->port);
	return sizeof *in6;
}

bool port_address_is_any(const struct port_address *a)
{
	static const uint8_t any[sizeof a->ip];

	return !memcmp(a->ip, any, sizeof any);
}

/* bind(2) to one address of IPv6 sets V6ONLY by itself. */
bool port_address_equal(const struct port_address *a, const struct port_address *b)
{
	return a->family == b->family && a->type == b->type && a->port == b->port && !memcmp(a->ip, b->ip, sizeof a->ip) &&
	       (a->v6only == b->v6only || !port_address_is_any(a));
}

void port_address_text(const struct port_address *a, char text[PORT_ADDRESS_TEXT_MAX])
{
	char ip[INET6_ADDRSTRLEN] = "?";
	bool six = a->family == AF_INET6;

	inet_ntop(a->family, a->ip, ip, sizeof ip);
	snprintf(text, PORT_ADDRESS_TEXT_MAX, "%s:%s%s%s:%u", a->type == SOCK_DGRAM ? "udp" : "tcp", six ? "[" : "",
		 ip, six ? "]" : "", a->port);
}

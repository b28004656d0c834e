/* SPDX-License-Identifier: Apache-2.0 */
/* address: see address.h. */
#include "base/address.h"

#include <arpa/inet.h>
#include <string.h>

socklen_t address_unix(union address *a, const char *path)
{
	*a = (union address){ .un.sun_family = AF_UNIX };
	strncpy(a->un.sun_path, path, sizeof a->un.sun_path - 1);
	return sizeof a->un;
}

socklen_t address_ip(union address *a, const char *host, uint16_t port)
{
	*a = (union address){ 0 };
	if (strchr(host, ':')) {
		a->in6.sin6_family = AF_INET6;
		a->in6.sin6_port = htons(port);
		return inet_pton(AF_INET6, host, &a->in6.sin6_addr) == 1 ? sizeof a->in6 : 0;
	}
	a->in.sin_family = AF_INET;
	a->in.sin_port = htons(port);
	return inet_pton(AF_INET, host, &a->in.sin_addr) == 1 ? sizeof a->in : 0;
}

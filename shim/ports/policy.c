/* SPDX-License-Identifier: Apache-2.0 */
/* policy: see ports/policy.h. */
#include "ports/policy.h"

#include <string.h>

#include <arpa/inet.h>

#include "base/io.h"

static bool parse_host(struct port_policy *p, const char *host, size_t len)
{
	char text[INET6_ADDRSTRLEN + 2];

	if (!len || len >= sizeof text)
		return false;
	memcpy(text, host, len);
	text[len] = '\0';
	if (text[0] != '[') {
		p->family = AF_INET;
		return inet_pton(AF_INET, text, p->ip) == 1;
	}
	if (text[len - 1] != ']')
		return false;
	text[len - 1] = '\0';
	p->family = AF_INET6;
	return inet_pton(AF_INET6, text + 1, p->ip) == 1;
}

bool port_policy_parse(struct port_policy *p, const char *text)
{
	*p = (struct port_policy){ .type = SOCK_STREAM };
	if (!strcmp(text, "auto")) {
		p->automatic = true;
		return true;
	}
	if (!strncmp(text, "udp:", 4))
		p->type = SOCK_DGRAM;
	else if (strncmp(text, "tcp:", 4) != 0)
		return false;
	text += 4;
	const char *colon = strrchr(text, ':'), *number = colon ? colon + 1 : text;
	unsigned port;
	if (colon && !parse_host(p, text, (size_t)(colon - text)))
		return false;
	if (!io_parse_u32(number, &port) || port == 0 || port > UINT16_MAX)
		return false;
	p->port = (uint16_t)port;
	return true;
}

static bool is_named(const struct port_policy *p, const struct port_address *a)
{
	if (p->automatic)
		return a->type == SOCK_STREAM;
	return p->type == a->type && p->port == a->port &&
	       (!p->family || (p->family == a->family && !memcmp(p->ip, a->ip, sizeof p->ip)));
}

bool port_policy_names(const struct port_policy *v, unsigned n, const struct port_address *a)
{
	for (unsigned i = 0; a->port && i < n; i++)
		if (is_named(&v[i], a))
			return true;
	return false;
}

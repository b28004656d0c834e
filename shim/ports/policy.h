/* SPDX-License-Identifier: Apache-2.0 */
/* policy: which addresses of a service hart holds open: --port. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "ports/address.h"

struct port_policy {
	bool automatic; /* every TCP address that a member listens on */
	int type; /* SOCK_STREAM, SOCK_DGRAM */
	int family; /* of the address that was given; 0: any address */
	uint8_t ip[16];
	uint16_t port;
};

/* tcp:[ADDR:]PORT, udp:[ADDR:]PORT or auto, where ADDR is numeric, IPv6 in brackets. False when it is none of these. */
bool port_policy_parse(struct port_policy *p, const char *text);

/* True when one of the `n` names that address. */
bool port_policy_names(const struct port_policy *v, unsigned n, const struct port_address *a);

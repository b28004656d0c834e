/* SPDX-License-Identifier: Apache-2.0 */
/* keeper_probe: a connection that reaches one member at a held address, whoever gets the clients. */
#pragma once

#include <stdint.h>

struct err;
struct port_hold;
struct port_table;

struct keeper_probe {
	struct port_hold *hold; /* NULL: none is under way */
	int member;
	uint16_t source_port;
};

/* See PORTS_PROBE. *ret_fd, the connection under way, is the caller's. 0 or -errno. */
int keeper_probe_begin(struct keeper_probe *p, struct port_table *t, int member, const char *host, int port, int *ret_fd,
		       struct err *e);

/* The way to the member ends. Fine when none is under way. */
void keeper_probe_end(struct keeper_probe *p);

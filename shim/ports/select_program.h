/* SPDX-License-Identifier: Apache-2.0 */
/* select_program: the BPF program of ports/select.h. */
#pragma once

#include <stdint.h>

struct err;

/* The one value of the array `choice_fd`. */
struct port_choice {
	uint32_t word; /* where the bank begins << 16 | how many of its places count */
	uint32_t probes; /* entries of the hash `probes_fd`: source port, as it is sent, to place */
};

/* Its descriptor, the caller's. */
int select_program_load(int sockets_fd, int choice_fd, int probes_fd, struct err *e);

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * select: which sockets of one SO_REUSEPORT group get clients: a BPF program over an array of sockets
 * (BPF_PROG_TYPE_SK_REUSEPORT with BPF_SK_REUSEPORT_SELECT_OR_MIGRATE, Linux 5.14). With several sockets the
 * connection's hash chooses. What waits in a listener that is closed moves to one of the chosen.
 */
#pragma once

#include <stdint.h>

struct err;

#define PORT_SELECT_MAX 64 /* sockets that share the clients of one address */
#define PORT_PROBES_MAX 16 /* at a time, of one address */

struct port_probe {
	int fd; /* borrowed */
	uint16_t source_port; /* as it is sent; 0: a free place */
};

struct port_select {
	int sockets_fd; /* the array: two banks of PORT_SELECT_MAX places, then those of probes */
	int choice_fd; /* one value: select_program.h */
	int probes_fd; /* a hash: source port to place */
	int prog_fd;
	unsigned bank; /* the one in force: 0 or 1 */
	int chosen[PORT_SELECT_MAX]; /* borrowed descriptors, by their places in it */
	unsigned n;
	struct port_probe probes[PORT_PROBES_MAX];
	unsigned n_probes;
};

#define PORT_SELECT_INIT ((struct port_select){ .sockets_fd = -EBADF, .choice_fd = -EBADF, .probes_fd = -EBADF, .prog_fd = -EBADF })

/* Makes arrays and program; nothing is chosen. -EINVAL or -ENOENT on a kernel older than 5.14. */
int port_select_open(struct port_select *s, struct err *e);

/* Puts the program in force for the group of `fd`, a socket with SO_REUSEPORT. */
int port_select_attach(const struct port_select *s, int fd, struct err *e);

/*
 * From now on these sockets, and no others of the group, get clients: no connection falls between. Sockets that the
 * kernel does not take (no longer listening) are left out. Returns how many were taken; with none nothing changes.
 * The descriptors stay the caller's, which calls this before it closes one.
 */
int port_select_set(struct port_select *s, const int *fds, unsigned n);

/*
 * Until the end of the probe one connection, that from `source_port` (in network byte order) of the service's own network, goes
 * to that socket, which gets no clients. Each `nth` below PORT_PROBES_MAX can be one at a time.
 */
int port_select_probe(struct port_select *s, unsigned nth, int fd, uint16_t source_port);
/* Fine when there is none. */
void port_select_end_probe(struct port_select *s, unsigned nth);

/* `fd` is about to be closed, or chosen: its probes end. */
void port_select_forget(struct port_select *s, int fd);

/* Closes arrays and program; the group's sockets are the caller's. */
void port_select_close(struct port_select *s);

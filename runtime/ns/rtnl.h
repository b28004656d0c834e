/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rtnl: the few rtnetlink(7) requests that moving network devices takes, by libmnl.
 * Functions return 0 (or what is said) or -errno of the kernel's answer, without a struct err: the
 * caller knows which device it is about.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct arena;

struct rtnl {
	struct mnl_socket *socket; /* NULL: not open */
	unsigned sequence;
};

/* Opens a socket in the network namespace behind `ns_fd`; FD_NONE: in the caller's. The caller's
 * own namespace does not change. */
int rtnl_open(struct rtnl *r, int ns_fd);
void rtnl_close(struct rtnl *r);

struct rtnl_link {
	unsigned index;
	bool is_up;
};

/* The device of that name; -ENODEV when there is none. */
int rtnl_link_get(struct rtnl *r, const char *name, struct rtnl_link *ret);

/*
 * Moves the device `index` into the namespace behind `ns_fd`, under `name` (a template when it has
 * "%d"), with `new_index` there. -EBUSY when the number is taken, -EEXIST when the name is; the
 * kernel takes a device down, with its addresses, before it moves it.
 */
int rtnl_link_move(struct rtnl *r, unsigned index, int ns_fd, const char *name,
		   unsigned new_index);

int rtnl_link_up(struct rtnl *r, unsigned index);

/* An address as the kernel described it, ready to be added to another device. */
struct rtnl_address {
	struct rtnl_address *next;
	size_t len;
	_Alignas(4) char message[];
};

/*
 * The permanent addresses (IFA_F_PERMANENT) of global scope of a device, in the kernel's order, so
 * that primary ones come first. Memory is the arena's. -EINTR: something changed meanwhile, the list
 * is not to be trusted. After a failure answers may be left unread: open a new socket.
 */
int rtnl_addresses(struct rtnl *r, struct arena *a, unsigned index, struct rtnl_address **ret);

int rtnl_address_add(struct rtnl *r, const struct rtnl_address *address, unsigned index);

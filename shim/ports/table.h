/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table: the addresses that a service holds and the members that listen on them: what a member's bind(2) and
 * listen(2) mean. Runs in the keeper; whatever a member does to its sockets harms its own service alone.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "ports/hold.h"
#include "ports/message.h"
#include "ports/policy.h"

struct err;
struct port_notice;

#define PORT_MEMBERS_MAX 16
#define PORT_WAITING_MAX 16 /* UDP sockets whose bind(2) is under way */

/* A UDP socket gets its address after the notice of bind(2) has been answered. */
struct port_waiting {
	int fd, member;
	struct port_address target;
	unsigned tries;
};

struct port_table {
	const struct port_policy *policy;
	unsigned n_policy;
	uint64_t netns_cookie; /* 0: not settled */
	struct port_hold holds[PORT_HOLDS_MAX];
	unsigned n_holds;
	int cgroup_fds[PORT_MEMBERS_MAX]; /* of each member that is there; else FD_NONE */
	int active; /* member that gets clients; -1: the guards do */
	struct port_waiting waiting[PORT_WAITING_MAX];
	unsigned n_waiting;
	/* The owner's. `text` is for people. */
	void (*listens)(struct port_table *t, int member, const char *address);
	void (*warn)(struct port_table *t, int member, const char *text);
};

/* `policy` is borrowed. */
void port_table_init(struct port_table *t, const struct port_policy *policy, unsigned n_policy);

/* Once, in the service's network namespace: sockets of others are not held. -ENOPROTOOPT before Linux 5.14. */
int port_table_settle(struct port_table *t, struct err *e);

/* Lets go of all addresses, and closes all descriptors. */
void port_table_finish(struct port_table *t);

/* A member is about to start; takes the descriptor of its cgroup. */
void port_table_enter(struct port_table *t, int member, int cgroup_fd);

/* It is gone, with all that it had open. */
void port_table_leave(struct port_table *t, int member);

/*
 * The member is given that socket (--listen), which is taken: its `nth`; with the first one those of an earlier start are let
 * go. It makes a member no readier.
 */
void port_table_give(struct port_table *t, int member, int *fd, int nth);

/* It gets the clients of all addresses from now on; -1: nobody does, and they wait. */
void port_table_activate(struct port_table *t, int member);

/* Deals with a call of the member's and answers it. */
void port_table_notice(struct port_table *t, int member, struct port_notice *n);

/* Looks again at what is under way. Returns after how many milliseconds it wants to be called again; 0: not at all. */
unsigned port_table_look_again(struct port_table *t);

/* Of a TCP address that somebody connects to: what is held there; the member's, if it is anywhere. NULL: nothing is. */
struct port_hold *port_table_find(struct port_table *t, int member, const struct port_address *to);

/* Addresses that the member itself listens on. */
unsigned port_table_count(const struct port_table *t, int member);

/* Fills rows, at most PORT_HOLDS_MAX; returns how many. */
unsigned port_table_rows(const struct port_table *t, struct port_row *rows);

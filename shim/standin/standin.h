/* SPDX-License-Identifier: Apache-2.0 */
/*
 * standin: the process that stands for a service which an engine made (hart-failover(7), ENGINES): the engine has
 * its pid, joins its namespaces, looks through its root, signals it and waits for it. Init of the service's own
 * PID namespace, in which those of the members are nested: killed, it takes all of them along. Here is the shim's
 * side of it; inside.c is what it runs. It outlives the shim, and the next one finds it by a socket.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "loop/loop.h"
#include "oci.h"

struct cgroup;
struct err;

#define STANDIN_FILE "stand-in" /* the socket in the service's folder, and its cgroup below the service's */
#define STANDIN_JOIN_MAX OCI_NS_COUNT
#define STANDIN_WAITS (-1) /* standin_at_end(): no end, another shim will come */

struct standin {
	pid_t pid; /* 0: the service has none */
	int pidfd;
	int pid_ns_fd; /* the service's own PID namespace; FD_NONE: the config has it share another one */
	struct source source; /* the connection */
	struct loop *loop;
	bool is_busy; /* it has been told to join and has not answered */

	/* The owner's; all from the loop. */
	void (*joined)(struct standin *si, int errnum); /* 0: it is there */
	void (*signalled)(struct standin *si, int sig);
	void (*ended)(struct standin *si); /* killed: all in its PID namespace are about to end */
};

void standin_init(struct standin *si);

/*
 * Makes it, as a child of our parent, in `cg`, with its own or the joined user and PID namespaces of the primary's
 * config `c`. Until standin_at_end() says otherwise it ends when we do. `dir_fd` is the service's folder. Waits for
 * it. -ENOTSUP for a config whose service it could not stand for.
 */
int standin_start(struct standin *si, struct loop *l, const struct oci_config *c, const struct cgroup *cg, int dir_fd,
		  struct err *e);

/* Connects to the one that another shim has made and that `pidfd` (owned from here on) is of. `nests`: it has a PID
 * namespace of its own. */
int standin_adopt(struct standin *si, struct loop *l, pid_t pid, int pidfd, bool nests, int dir_fd, struct err *e);

/* Lets it join the `n` namespaces (borrowed, any kind); joined() follows. Never waits. Not while it is busy. */
int standin_join(struct standin *si, const int *fds, unsigned n, struct err *e);

/* What it does when the connection ends: exits with that status, or STANDIN_WAITS. */
int standin_at_end(struct standin *si, int status, struct err *e);

/* Ends the connection. */
void standin_close(struct standin *si);

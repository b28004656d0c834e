/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shim: containerd-shim-hart-v2's worker: one loop that answers containerd's task requests, for one container or
 * for all of a pod. Slow things are done in children (job.h); what must outlive the worker is in the ledger.
 */
#pragma once

#include <stdbool.h>
#include <sys/resource.h>

#include "container.h"
#include "events.h"
#include "ledger.h"
#include "loop/loop.h"
#include "stream.h"

struct err;
struct proc;
struct rpc_method;

struct connection {
	struct stream stream;
	struct shim *shim;
	bool open;
};

struct shim {
	struct loop loop;
	struct ledger *ledger;
	struct runtime rt;
	const char *name_space, *address; /* containerd's namespace; our socket's path */
	int guardian_fd; /* to it: descriptors to keep; from it: who has ended */
	struct source guardian, listener, signals;
	struct connection connections[CONNECTIONS_MAX];
	int connections_end; /* none is open from here on */
	struct rlimit nofile; /* what containers are to have */
	const struct rpc_method *methods; /* that can be called */
	struct events events;
	struct proc *procs;
	unsigned jobs; /* that are making processes */
	bool leaving; /* Shutdown was asked for */
};

/* What a worker is begun with. */
struct shim_start {
	struct ledger *ledger;
	const char *name_space, *address, *root;
	const char *events_address; /* TTRPC_ADDRESS, NULL: events go nowhere */
	int listen_fd, guardian_fd;
	struct rlimit nofile; /* of our caller */
};

/* The worker: returns its exit status: 0 after Shutdown. */
int shim_run(const struct shim_start *start);

/* settle.c */
/* Leaves when there is nothing to do any more. */
void shim_settle(struct shim *s);

/* SIGCHLD: orphans that are nobody's. */
void shim_reap(struct shim *s);

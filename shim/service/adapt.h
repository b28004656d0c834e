/* SPDX-License-Identifier: Apache-2.0 */
/*
 * adapt: what makes a bundle's config one of a member: the service's namespaces, a cgroup below the service's,
 * its notify folder, hooks that have run already left out (hart-failover(7)).
 */
#pragma once

#include <stdbool.h>

#include "oci.h"

struct arena;
struct err;

/* Namespaces that the service holds, by descriptor; FD_NONE: it has none of its own of that kind. */
struct shared_namespaces {
	int fd[OCI_NS_COUNT];
};

struct adaption {
	const char *cgroup; /* the member's, below the cgroup2 mount */
	const char *notify_dir; /* host folder that the member sees; NULL: none */
	struct shared_namespaces shared;
	bool own_config; /* not derived from the primary's config: its limits and hooks are its own */
	bool is_primary; /* whose namespaces are the service's, whatever it says of private ones */
	bool is_first; /* its prestart and createRuntime hooks have not run yet */
	bool nests; /* below the PID namespace of a stand-in, which is to see all mounts of its members */
	const char *rootfs; /* stands in for root.path; NULL: the config's */
};

/* Where a member sees its notify folder: in /dev, which is a tmpfs of its own in nearly every container, so
 * that nothing is left in its root. */
#define ADAPT_NOTIFY_FOLDER "/dev/.hart"

/* For struct create_opts: changes `c` in place, memory from `a`; `arg` is a struct adaption. -ENOTSUP names what no member can have:
 * a terminal, or, below a stand-in, no PID or mount namespace. */
int adapt_config(struct arena *a, struct oci_config *c, void *arg, struct err *e);

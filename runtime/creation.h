/* creation: a container on its way from bundle to gate; shared by create.c and converse.c alone. */
#pragma once

#include "bundle.h"
#include "cgroup/cgroup.h"
#include "cgroup/driver.h"
#include "container.h"
#include "init.h"
#include "ns/ns.h"
#include "rootfs/overlay_plan.h"
#include "seccomp/filter.h"

struct creation {
	struct runtime *rt;
	const struct create_opts *o;
	struct container *c;
	struct bundle bundle;
	const struct oci_config *config;
	struct ns_plan ns;
	const struct cgroup_driver *driver;
	struct cgroup_place place;
	struct cgroup cgroup;
	struct seccomp_filter filter;
	struct overlay_opts overlay;
	struct init_plan init;
	struct ns_child child;
	int overlay_fd; /* detached tree */
	int null_fd; /* of null_reopen() */
	int console_peer; /* foreground: receives the pty master */
	bool use_gate, has_user_ns, has_overlay;
	bool is_declined; /* by o->adapt: nothing is made */
};

/* Answers init until it has nothing more to ask: user maps, hooks, devices, listener, readiness. */
int creation_converse(struct creation *m, struct err *e);

/* SPDX-License-Identifier: Apache-2.0 */
/* creation: a container on its way from bundle to gate; shared by what makes one alone. */
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
	int hold_fd; /* init waits for its cgroup */
	int console_peer; /* foreground: receives the pty master */
	int ports_fd, seccomp_fd; /* listeners of a task that has a successor, which they are handed on with */
	bool has_successor; /* it is the child by now */
	bool use_gate, has_user_ns, has_overlay;
	bool is_declined; /* by o->adapt: nothing is made */
};

/* What the cgroup limits, in force and delegated. Only when nothing more is cloned but the container's own. */
int creation_limit(struct creation *m, struct err *e);

/* Takes the listener that is descriptor `remote_fd` of the process that speaks, and hands it on, unless that process is to have a
 * successor, whose listener it is. */
int creation_take_ports(struct creation *m, int remote_fd, struct err *e);
int creation_take_seccomp(struct creation *m, int remote_fd, struct err *e);

/* The listeners that were taken from the task, with the pid of its successor. */
int creation_hand_on(struct creation *m, struct err *e);

/* Answers init until it has nothing more to ask: user maps, hooks, devices, listener, readiness. */
int creation_converse(struct creation *m, struct err *e);

/* Who will own the cgroup is written down before it is made. */
int creation_plan_cgroup(struct creation *m, struct err *e);

/* Where nothing is prepared that names the cgroup, a driver that needs a process makes it around init, which is prepared and
 * cloned while that driver is being connected to, and held; nobody else is needed then. */
bool creation_has_cgroup_around(const struct creation *m);

/* Makes it, or begins to; and what is left of that when init is there, which is let go: its cgroup namespace is made there. */
int creation_cgroup(struct creation *m, struct err *e);
int creation_cgroup_around(struct creation *m, struct err *e);

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroup/driver: what makes a container's cgroup and takes it away: hart itself in the cgroup file system
 * (cgroupfs), or a manager that is asked to. What then happens in it (processes, freezing, killing,
 * statistics) is the tree's and the same with either: cgroup.h, cgroup/stats.h.
 */
#pragma once

#include <stdbool.h>

struct arena;
struct cgroup;
struct err;
struct oci_config;
struct oci_resources;

/* Written to state.json before it is made. A driver that needs more to find it again adds that here and there. */
struct cgroup_place {
	char *path; /* below the cgroup2 mount, as in struct cgroup; NULL: known when it is made */
	bool owned; /* it was not there, so that what is made is ours to remove */
	bool spares; /* remove() kills nothing: -EBUSY when there are processes in it */
	bool stays; /* a service's: its members' are below it, and it is there while there are none */
	char *unit, *slice; /* systemd's; NULL: made by another driver */
};

struct cgroup_driver {
	const char *name;
	/* NULL, or it makes a cgroup around a process, cg->first or else one of its own that sleeps, and asks somebody whose
	 * answer takes a while: this does not wait for him, which make() does. */
	void (*begin)(struct cgroup *cg, struct arena *a);
	/* Where the container's cgroup is to be, in `a`. Makes nothing; cg->root_fd is open afterwards. */
	int (*plan)(struct cgroup *cg, struct arena *a, const struct oci_config *c, const char *id,
		    struct cgroup_place *ret, struct err *e);
	/* Makes it: cg->fd is good for CLONE_INTO_CGROUP, and p->path says where it is, in `a`. On failure what was
	 * made is removed again, and `p` is empty unless something is left that is to be removed.
	 * `p` must outlive `cg`. -ENOTSUP names the controllers of `needs` that are not there. */
	int (*make)(struct cgroup *cg, struct arena *a, struct cgroup_place *p, const struct oci_resources *needs,
		    struct err *e);
	/* Puts `r` in force, as cgroup_apply() does. `cg` is open. */
	int (*apply)(struct cgroup *cg, const struct cgroup_place *p, const struct oci_resources *r,
		     bool update, struct err *e);
	/* Kills what is left in it and removes it. One that is gone already is no error. */
	int (*remove)(const struct cgroup_place *p, struct err *e);
};

/* The driver for a container that was made with or without --systemd-cgroup. */
const struct cgroup_driver *cgroup_driver(bool systemd);

/* True when the container's cgroupsPath can mean nothing but a unit of systemd's, whatever driver was asked for: engines
 * that have a driver of their own to set do not tell it to every runtime. */
bool cgroup_is_unit(const struct oci_config *c);

/* Adds to the failure `r` to make or enter a cgroup what an unprivileged caller can do about it. Returns r. */
int cgroup_advise(int r, const struct cgroup_place *place, struct err *e);

/* A pidfd of the process that keeps the unit of a place that stays. It gets systemd's SIGTERM as everything in it. */
int cgroup_keeper_open(const struct cgroup_place *p, struct err *e);

extern const struct cgroup_driver cgroup_fs, cgroup_systemd;

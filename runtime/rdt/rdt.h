/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rdt: linux.intelRdt by the resctrl file system (config-linux.md "IntelRdt"; the kernel's
 * Documentation/arch/x86/resctrl.rst), mounted where the kernel has its place: /sys/fs/resctrl.
 */
#pragma once

#include <sys/types.h>

#include "oci.h"

struct arena;
struct err;

/*
 * What of the container's own will exist below the mount and has to be removed with it, for
 * state.json before it is made: its group when closID is not set and there is none of that name yet,
 * or else its monitoring group, or NULL. -ENOTSUP when no resctrl file system is mounted.
 */
int rdt_plan(struct arena *a, const struct oci_intel_rdt *r, const char *id, char **ret_group,
	     struct err *e);

/*
 * Makes the group where the config says so, writes its schemata and puts `pid` into it, and into a
 * monitoring group. -ENOENT for a closID that the config takes for granted, -EINVAL for one that is
 * there with another l3CacheSchema or memBwSchema.
 */
int rdt_apply(const struct oci_intel_rdt *r, const char *id, pid_t pid, struct err *e);

/* Puts one more process into the container's groups, which are there. */
int rdt_join(const struct oci_intel_rdt *r, const char *id, pid_t pid, struct err *e);

/* Writes the schemata of `r` to the container's group. */
int rdt_update(const struct oci_intel_rdt *r, const char *id, struct err *e);

/* Removes what rdt_plan named; gone already is fine. */
int rdt_undo(const char *group, struct err *e);

/* The same below the folder `root`, which need not be resctrl's. */
int rdt_plan_in(int root, struct arena *a, const struct oci_intel_rdt *r, const char *id,
		char **ret_group, struct err *e);
int rdt_apply_in(int root, const struct oci_intel_rdt *r, const char *id, pid_t pid, struct err *e);
int rdt_join_in(int root, const struct oci_intel_rdt *r, const char *id, pid_t pid, struct err *e);
int rdt_undo_in(int root, const char *group, struct err *e);

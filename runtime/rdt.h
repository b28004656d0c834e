/* rdt: Intel RDT by the resctrl file system (config-linux.md "IntelRdt"). */
#pragma once

#include <sys/types.h>

#include "oci.h"

struct err;

/*
 * The CLOS folder that the container will be in, below the resctrl mount, and whether it is ours to
 * make (its ID, and thus to remove): for state.json, before it is made. -ENOTSUP when no resctrl file
 * system is mounted. *ret_group is NULL when nothing of ours will exist.
 */
struct arena;
int rdt_plan(struct arena *a, const struct oci_intel_rdt *r, const char *id, char **ret_group,
	     struct err *e);

/* Makes the group, writes its schemata, moves `pid` into it (and into a monitoring group). */
int rdt_apply(const struct oci_intel_rdt *r, const char *id, pid_t pid, struct err *e);

/* Removes a group that rdt_plan named; gone already is fine. */
int rdt_undo(const char *group, struct err *e);

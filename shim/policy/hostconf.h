/*
 * hostconf: /etc/hart/hart.conf, what this host allows, and policies for containers that cannot bring their own.
 * Annotations can come from people who may not name host paths; what they name must lie below a folder listed
 * here. What is said by flags, and what the file says itself, is not limited.
 *
 *	allow = DIR[:DIR...]
 *	policy KEY=GLOB: NAME=VALUE [NAME="VALUE"...]
 *
 * KEY: hostname, env.NAME, annotation.NAME; NAME: a flag of `hart run`, standby and the like. The first line whose
 * GLOB (fnmatch(3)) matches counts.
 */
#pragma once

#include "oci.h"
#include "policy/policy.h"

struct err;

#define HOSTCONF_FILE "/etc/hart/hart.conf"

/*
 * Checks the host paths in the config's org.hart.* annotations (standby, listen unix:, log-file, journal):
 * each must be found beneath one of the folders of "allow = DIR[:DIR...]", without leaving it by a symlink
 * or "..". -EACCES names the annotation. A missing file allows nothing. Lines that are not understood are -EINVAL.
 */
int hostconf_check(const oci_map *annotations, struct err *e);

/*
 * The policy of a container that has none in its annotations: 1 and `ret` filled, memory from `a`, when a line of
 * the file matches; 0 when none does. -EINVAL for a line that is not understood.
 */
int hostconf_policy(struct arena *a, const struct oci_config *c, struct policy_flags *ret, struct err *e);

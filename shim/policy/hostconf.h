/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hostconf: in /etc/hart/hart.conf (allow.h) policies for containers that cannot bring their own. What the file
 * says is not limited, as flags are not.
 *
 *	policy KEY=GLOB: NAME=VALUE [NAME="VALUE"...]
 *
 * KEY: hostname, env.NAME, annotation.NAME; NAME: a flag of `hart run`, standby and the like. The first line whose
 * GLOB (fnmatch(3)) matches counts.
 */
#pragma once

#include "allow/allow.h"
#include "oci.h"
#include "policy/policy.h"

struct err;

/*
 * The policy of a container that has none in its annotations: 1 and `ret` filled, memory from `a`, when a line of
 * the file matches; 0 when none does. -EINVAL for a line that is not understood.
 */
int hostconf_policy(struct arena *a, const struct oci_config *c, struct policy_flags *ret, struct err *e);

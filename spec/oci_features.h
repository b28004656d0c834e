/* SPDX-License-Identifier: Apache-2.0 */
/* oci_features: the runtime-spec's features structure (features.md, features-linux.md), out of the
 * tables that decode config.json and of what the runtime says it has. */
#pragma once

#include <stdbool.h>

#include "oci.h"

struct buf;
struct err;

/* What is built in. Not what the host has: `hart features` is asked before there is a container. */
struct features_support {
	oci_strings mount_options;
	char *libseccomp_version; /* NULL = no seccomp */
	bool cgroup_v1, cgroup_v2, cgroup_systemd, cgroup_systemd_user, cgroup_rdma;
	bool apparmor, selinux, idmap, net_devices, memory_policy;
	bool rdt, rdt_schemata, rdt_monitoring;
};

/* Writes the structure, indented, with a newline at its end. */
int features_write(struct buf *out, const struct features_support *s, struct err *e);

/* SPDX-License-Identifier: Apache-2.0 */
/* features_rows: the features structure as it is written, for its rows and for what fills it. */
#pragma once

#include "oci.h"

struct features_enabled {
	bool enabled;
};

struct features_cgroup {
	bool v1, v2, systemd, systemd_user, rdma;
};

struct features_seccomp {
	bool enabled;
	oci_strings actions, operators, archs, known_flags, supported_flags;
};

struct features_rdt {
	bool enabled, schemata, monitoring;
};

struct features_memory_policy {
	oci_strings modes, flags;
};

struct features_mount_extensions {
	struct features_enabled idmap;
};

struct features_linux {
	oci_strings namespaces, capabilities;
	struct features_cgroup cgroup;
	struct features_seccomp seccomp;
	struct features_enabled apparmor, selinux;
	struct features_rdt rdt;
	struct features_memory_policy memory_policy;
	struct features_mount_extensions mount_extensions;
	struct features_enabled net_devices;
};

struct features {
	const char *version_min, *version_max;
	oci_strings hooks, mount_options;
	struct features_linux linux_;
	oci_map annotations;
	oci_strings unsafe;
};

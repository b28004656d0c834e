/* SPDX-License-Identifier: Apache-2.0 */
/* features_rows: the rows of the runtime-spec's features structure (features.md, features-linux.md). */
#include "features_rows.h"

#include "rows.h"

static const struct field features_rows[] = {
	F(features, version_min, "ociVersionMin", T_STRING, 0, ANY, 11,
	  "Oldest version of the runtime-spec that is taken."),
	F(features, version_max, "ociVersionMax", T_STRING, 0, ANY, 11,
	  "Newest version that is known."),
	F(features, hooks, "hooks", LIST(T_STRING), 0, ANY, 11, "Hooks that are run."),
	F(features, mount_options, "mountOptions", LIST(T_STRING), 0, ANY, 11,
	  "Mount options that are not passed to the file system."),
	F(features, linux_, "linux", T_OBJECT, 0, TABLE(FEATURES_LINUX), 11, "For Linux."),
	F(features, annotations, "annotations", MAP(T_STRING), 0, ANY, 11,
	  "Facts about this build."),
	F(features, unsafe, "potentiallyUnsafeConfigAnnotations", LIST(T_STRING), 0, ANY, 12,
	  "Annotations of config.json that change what hart does."),
};

static const struct field linux_rows[] = {
	F(features_linux, namespaces, "namespaces", LIST(T_STRING), 0, ANY, 11, "Namespaces."),
	F(features_linux, capabilities, "capabilities", LIST(T_STRING), 0, ANY, 11,
	  "Capabilities."),
	F(features_linux, cgroup, "cgroup", T_OBJECT, 0, TABLE(FEATURES_CGROUP), 11,
	  "Cgroup managers."),
	F(features_linux, seccomp, "seccomp", T_OBJECT, 0, TABLE(FEATURES_SECCOMP), 11,
	  "System call filters."),
	F(features_linux, apparmor, "apparmor", T_OBJECT, ALWAYS, TABLE(FEATURES_ENABLED), 11,
	  "AppArmor."),
	F(features_linux, selinux, "selinux", T_OBJECT, ALWAYS, TABLE(FEATURES_ENABLED), 11,
	  "SELinux."),
	F(features_linux, rdt, "intelRdt", T_OBJECT, 0, TABLE(FEATURES_RDT), 11, "Intel RDT."),
	F(features_linux, memory_policy, "memoryPolicy", T_OBJECT, 0,
	  TABLE(FEATURES_MEMORY_POLICY), 13, "NUMA memory policies."),
	F(features_linux, mount_extensions, "mountExtensions", T_OBJECT, ALWAYS,
	  TABLE(FEATURES_MOUNT_EXTENSIONS), 12, "Kinds of mounts."),
	F(features_linux, net_devices, "netDevices", T_OBJECT, ALWAYS, TABLE(FEATURES_ENABLED), 13,
	  "Network devices."),
};

static const struct field enabled_rows[] = {
	F(features_enabled, enabled, "enabled", T_BOOL, ALWAYS, ANY, 11, "It is built in."),
};

static const struct field cgroup_rows[] = {
	F(features_cgroup, v1, "v1", T_BOOL, ALWAYS, ANY, 11, "cgroup v1."),
	F(features_cgroup, v2, "v2", T_BOOL, ALWAYS, ANY, 11, "cgroup v2."),
	F(features_cgroup, systemd, "systemd", T_BOOL, ALWAYS, ANY, 11, "By systemd."),
	F(features_cgroup, systemd_user, "systemdUser", T_BOOL, ALWAYS, ANY, 11,
	  "By a user's systemd."),
	F(features_cgroup, rdma, "rdma", T_BOOL, ALWAYS, ANY, 11, "The RDMA controller."),
};

static const struct field seccomp_rows[] = {
	F(features_seccomp, enabled, "enabled", T_BOOL, ALWAYS, ANY, 11, "It is built in."),
	F(features_seccomp, actions, "actions", LIST(T_STRING), 0, ANY, 11, "Actions."),
	F(features_seccomp, operators, "operators", LIST(T_STRING), 0, ANY, 11, "Operators."),
	F(features_seccomp, archs, "archs", LIST(T_STRING), 0, ANY, 11, "Architectures."),
	F(features_seccomp, known_flags, "knownFlags", LIST(T_STRING), 0, ANY, 11,
	  "Flags that are known."),
	F(features_seccomp, supported_flags, "supportedFlags", LIST(T_STRING), 0, ANY, 11,
	  "Flags that are handed to the kernel."),
};

static const struct field rdt_rows[] = {
	F(features_rdt, enabled, "enabled", T_BOOL, ALWAYS, ANY, 11, "It is built in."),
	F(features_rdt, schemata, "schemata", T_BOOL, ALWAYS, ANY, 13, "intelRdt.schemata."),
	F(features_rdt, monitoring, "monitoring", T_BOOL, ALWAYS, ANY, 13,
	  "intelRdt.enableMonitoring."),
};

static const struct field memory_policy_rows[] = {
	F(features_memory_policy, modes, "modes", LIST(T_STRING), 0, ANY, 13, "Modes."),
	F(features_memory_policy, flags, "flags", LIST(T_STRING), 0, ANY, 13, "Flags."),
};

static const struct field mount_extensions_rows[] = {
	F(features_mount_extensions, idmap, "idmap", T_OBJECT, ALWAYS, TABLE(FEATURES_ENABLED), 12,
	  "ID-mapped mounts."),
};

const struct table *features_table(enum table_id id)
{
	static const struct table tables[] = {
		[TABLE_FEATURES - TABLE_FEATURES] = TABLE_OF(features, features_rows),
		[TABLE_FEATURES_LINUX - TABLE_FEATURES] = TABLE_OF(features_linux, linux_rows),
		[TABLE_FEATURES_ENABLED - TABLE_FEATURES] =
			TABLE_OF(features_enabled, enabled_rows),
		[TABLE_FEATURES_CGROUP - TABLE_FEATURES] = TABLE_OF(features_cgroup, cgroup_rows),
		[TABLE_FEATURES_SECCOMP - TABLE_FEATURES] =
			TABLE_OF(features_seccomp, seccomp_rows),
		[TABLE_FEATURES_RDT - TABLE_FEATURES] = TABLE_OF(features_rdt, rdt_rows),
		[TABLE_FEATURES_MEMORY_POLICY - TABLE_FEATURES] =
			TABLE_OF(features_memory_policy, memory_policy_rows),
		[TABLE_FEATURES_MOUNT_EXTENSIONS - TABLE_FEATURES] =
			TABLE_OF(features_mount_extensions, mount_extensions_rows),
	};

	return &tables[id - TABLE_FEATURES];
}

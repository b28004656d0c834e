/* SPDX-License-Identifier: Apache-2.0 */
/* linux: the rows of config-linux.md, but for resources (resources.c). */
#include "rows.h"

static const struct field linux_rows[] = {
	F(oci_linux, uid_mappings, "uidMappings", LIST(T_OBJECT), 0, TABLE(ID_MAPPING), 10,
	  "User IDs of a new user namespace."),
	F(oci_linux, gid_mappings, "gidMappings", LIST(T_OBJECT), 0, TABLE(ID_MAPPING), 10,
	  "Group IDs of a new user namespace."),
	F(oci_linux, sysctl, "sysctl", MAP(T_STRING), 0, ANY, 10,
	  "Kernel parameters of the container's namespaces."),
	F(oci_linux, resources, "resources", OPT(T_OBJECT), 0, TABLE(RESOURCES), 10,
	  "Limits, by cgroup."),
	F(oci_linux, cgroups_path, "cgroupsPath", T_STRING, 0, ANY, 10,
	  "The container's cgroup, as a path or for systemd: CGROUPS in hart(1)."),
	F(oci_linux, namespaces, "namespaces", LIST(T_OBJECT), 0, TABLE(NAMESPACE), 10,
	  "Namespaces to make or join. A type that is not listed is shared with the runtime."),
	F(oci_linux, devices, "devices", LIST(T_OBJECT), 0, TABLE(DEVICE), 10,
	  "Device nodes besides the default ones."),
	F(oci_linux, net_devices, "netDevices", MAP(T_OBJECT), 0, TABLE(NET_DEVICE), 13,
	  "Network devices to move into the container, by their name outside."),
	F(oci_linux, seccomp, "seccomp", OPT(T_OBJECT), 0, TABLE(SECCOMP), 10,
	  "System call filter."),
	F(oci_linux, rootfs_propagation, "rootfsPropagation", T_STRING, 0, NAMES(PROPAGATION), 10,
	  "Mount propagation of the root."),
	F(oci_linux, masked_paths, "maskedPaths", LIST(T_STRING), 0, ANY, 10,
	  "Paths in the container that cannot be read."),
	F(oci_linux, readonly_paths, "readonlyPaths", LIST(T_STRING), 0, ANY, 10,
	  "Paths in the container that cannot be written."),
	F(oci_linux, mount_label, "mountLabel", T_STRING, 0, ANY, 10,
	  "SELinux context of the container's mounts."),
	F(oci_linux, intel_rdt, "intelRdt", OPT(T_OBJECT), 0, TABLE(INTEL_RDT), 10,
	  "Cache and memory bandwidth, by resctrl."),
	F(oci_linux, memory_policy, "memoryPolicy", OPT(T_OBJECT), 0, TABLE(MEMORY_POLICY), 13,
	  "NUMA memory policy."),
	F(oci_linux, personality, "personality", OPT(T_OBJECT), 0, TABLE(PERSONALITY), 10,
	  "Execution domain."),
	F(oci_linux, time_offsets, "timeOffsets", MAP(T_OBJECT), 0, TABLE(TIME_OFFSET), 11,
	  "Offsets of a new time namespace's clocks: monotonic and boottime."),
};

static const struct field namespace_rows[] = {
	F(oci_namespace, type, "type", T_ENUM, REQUIRED, NAMES(NAMESPACE), 10,
	  "Which kind of namespace: namespaces(7)."),
	F(oci_namespace, path, "path", T_STRING, 0, ANY, 10,
	  "Absolute path of the namespace to join; left out, a new one is made."),
};

static const struct field device_rows[] = {
	F(oci_device, path, "path", T_STRING, REQUIRED, ANY, 10, "Full path in the container."),
	F(oci_device, type, "type", T_STRING, REQUIRED, NAMES(DEVICE_TYPE), 10,
	  "c or u: character device; b: block device; p: fifo."),
	F(oci_device, major, "major", T_I64, 0, RANGE(0, UINT32_MAX), 10, "Major number."),
	F(oci_device, minor, "minor", T_I64, 0, RANGE(0, UINT32_MAX), 10, "Minor number."),
	F(oci_device, file_mode, "fileMode", OPT(T_U32), 0, ANY, 10, "File mode, in decimal."),
	F(oci_device, uid, "uid", OPT(T_U32), 0, ID, 10, "Owner, in the container."),
	F(oci_device, gid, "gid", OPT(T_U32), 0, ID, 10, "Group, in the container."),
};

static const struct field net_device_rows[] = {
	F(oci_net_device, name, "name", T_STRING, 0, ANY, 13,
	  "Name in the container; left out, it keeps its name. %d stands for a free number."),
};

static const struct field time_offset_rows[] = {
	F(oci_time_offset, secs, "secs", T_I64, 0, ANY, 11, "Seconds to add."),
	F(oci_time_offset, nanosecs, "nanosecs", T_U32, 0, RANGE(0, 999999999), 11,
	  "Nanoseconds to add."),
};

static const struct field seccomp_rows[] = {
	F(oci_seccomp, default_action, "defaultAction", T_ENUM, REQUIRED, NAMES(SECCOMP_ACTION), 10,
	  "What happens to system calls that no rule names."),
	F(oci_seccomp, default_errno_ret, "defaultErrnoRet", OPT(T_U32), 0, RANGE(0, 4095), 11,
	  "errno of that action; left out, EPERM."),
	F(oci_seccomp, architectures, "architectures", LIST(T_STRING), 0, NAMES(SECCOMP_ARCH), 10,
	  "Architectures that the filter covers besides the native one."),
	F(oci_seccomp, flags, "flags", LIST(T_ENUM), 0, NAMES(SECCOMP_FLAG), 10,
	  "Flags of seccomp(2)."),
	F(oci_seccomp, listener_path, "listenerPath", T_STRING, 0, ANY, 11,
	  "Unix socket that gets the notification descriptor of SCMP_ACT_NOTIFY."),
	F(oci_seccomp, listener_metadata, "listenerMetadata", T_STRING, 0, ANY, 11,
	  "Handed to the listener as it is."),
	F(oci_seccomp, syscalls, "syscalls", LIST(T_OBJECT), 0, TABLE(SECCOMP_RULE), 10,
	  "Rules."),
};

static const struct field seccomp_rule_rows[] = {
	F(oci_seccomp_rule, names, "names", LIST(T_STRING), REQUIRED, ANY, 10,
	  "System calls. Names that the kernel or libseccomp lacks are left out."),
	F(oci_seccomp_rule, action, "action", T_ENUM, REQUIRED, NAMES(SECCOMP_ACTION), 10,
	  "What happens to them."),
	F(oci_seccomp_rule, errno_ret, "errnoRet", OPT(T_U32), 0, RANGE(0, 4095), 11,
	  "errno of the action; left out, EPERM."),
	F(oci_seccomp_rule, args, "args", LIST(T_OBJECT), 0, TABLE(SECCOMP_ARG), 10,
	  "Conditions on arguments, all of which must hold."),
};

static const struct field seccomp_arg_rows[] = {
	F(oci_seccomp_arg, index, "index", T_U32, REQUIRED, RANGE(0, 5), 10,
	  "Which argument, from 0."),
	F(oci_seccomp_arg, value, "value", T_U64, REQUIRED, ANY, 10,
	  "What to compare with; for SCMP_CMP_MASKED_EQ the mask."),
	F(oci_seccomp_arg, value_two, "valueTwo", T_U64, 0, ANY, 10,
	  "For SCMP_CMP_MASKED_EQ what the masked argument must equal."),
	F(oci_seccomp_arg, op, "op", T_ENUM, REQUIRED, NAMES(SECCOMP_OP), 10, "Comparison."),
};

static const struct field intel_rdt_rows[] = {
	F(oci_intel_rdt, clos_id, "closID", T_STRING, 0, ANY, 10,
	  "Class of service: a folder of resctrl, / for its root; left out, the container's ID."),
	F(oci_intel_rdt, schemata, "schemata", LIST(T_STRING), 0, ANY, 13,
	  "Lines for the group's schemata file."),
	F(oci_intel_rdt, l3_cache_schema, "l3CacheSchema", T_STRING, 0, ANY, 10,
	  "The L3: line, written first."),
	F(oci_intel_rdt, mem_bw_schema, "memBwSchema", T_STRING, 0, ANY, 10,
	  "The MB: line, written second."),
	F(oci_intel_rdt, enable_monitoring, "enableMonitoring", T_BOOL, 0, ANY, 13,
	  "Make a monitoring group of the container's own."),
};

static const struct field memory_policy_rows[] = {
	F(oci_memory_policy, mode, "mode", T_ENUM, REQUIRED, NAMES(MEMPOLICY_MODE), 13,
	  "Mode of set_mempolicy(2)."),
	F(oci_memory_policy, nodes, "nodes", T_STRING, 0, ANY, 13, "Memory nodes, as 0-3,7."),
	F(oci_memory_policy, flags, "flags", LIST(T_ENUM), 0, NAMES(MEMPOLICY_FLAG), 13,
	  "Flags of set_mempolicy(2)."),
};

static const struct field personality_rows[] = {
	F(oci_personality, domain, "domain", T_ENUM, REQUIRED, NAMES(PERSONALITY), 10,
	  "Execution domain: LINUX32 shows a 32-bit machine in uname(2)."),
	F(oci_personality, flags, "flags", LIST(T_STRING), 0, ANY, 10,
	  "The spec defines none: must be empty."),
};

const struct table *linux_table(enum table_id id)
{
	static const struct table tables[] = {
		[TABLE_LINUX - TABLE_LINUX] = TABLE_OF(oci_linux, linux_rows),
		[TABLE_NAMESPACE - TABLE_LINUX] = TABLE_OF(oci_namespace, namespace_rows),
		[TABLE_DEVICE - TABLE_LINUX] = TABLE_OF(oci_device, device_rows),
		[TABLE_NET_DEVICE - TABLE_LINUX] = TABLE_OF(oci_net_device, net_device_rows),
		[TABLE_TIME_OFFSET - TABLE_LINUX] = TABLE_OF(oci_time_offset, time_offset_rows),
		[TABLE_SECCOMP - TABLE_LINUX] = TABLE_OF(oci_seccomp, seccomp_rows),
		[TABLE_SECCOMP_RULE - TABLE_LINUX] = TABLE_OF(oci_seccomp_rule, seccomp_rule_rows),
		[TABLE_SECCOMP_ARG - TABLE_LINUX] = TABLE_OF(oci_seccomp_arg, seccomp_arg_rows),
		[TABLE_INTEL_RDT - TABLE_LINUX] = TABLE_OF(oci_intel_rdt, intel_rdt_rows),
		[TABLE_MEMORY_POLICY - TABLE_LINUX] =
			TABLE_OF(oci_memory_policy, memory_policy_rows),
		[TABLE_PERSONALITY - TABLE_LINUX] = TABLE_OF(oci_personality, personality_rows),
	};

	return &tables[id - TABLE_LINUX];
}

/* SPDX-License-Identifier: Apache-2.0 */
/* oci: the rows of config.md: what does not depend on the platform, process, and hooks. Rows are in
 * the order in which the common writers of config.json put them, so that look-ups hit at once. */
#include "rows.h"

static const struct field config_rows[] = {
	F(oci_config, oci_version, "ociVersion", T_STRING, 0, ANY, 10,
	  "Version of the runtime-spec that the bundle complies with: any 1.x; left out, 1.0.0."),
	F(oci_config, process, "process", OPT(T_OBJECT), 0, TABLE(PROCESS), 10,
	  "The container's first process. Required when the container is started."),
	F(oci_config, root, "root", OPT(T_OBJECT), REQUIRED, TABLE(ROOT), 10,
	  "The root file system."),
	F(oci_config, hostname, "hostname", T_STRING, 0, ANY, 10,
	  "Host name; needs a UTS namespace."),
	F(oci_config, domainname, "domainname", T_STRING, 0, ANY, 11,
	  "NIS domain name; needs a UTS namespace."),
	F(oci_config, mounts, "mounts", LIST(T_OBJECT), 0, TABLE(MOUNT), 10,
	  "File systems to mount below the root, in this order."),
	F(oci_config, hooks, "hooks", OPT(T_OBJECT), 0, TABLE(HOOKS), 10,
	  "Programs to run at points of the container's life."),
	F(oci_config, annotations, "annotations", MAP(T_STRING), 0, ANY, 10,
	  "Metadata by key. Keys that start with org.hart. change what hart does."),
	F(oci_config, linux_, "linux", OPT(T_OBJECT), 0, TABLE(LINUX), 10,
	  "What is particular to Linux."),
};

static const struct field process_rows[] = {
	F(oci_process, terminal, "terminal", T_BOOL, 0, ANY, 10,
	  "Give the process a pseudo-terminal."),
	F(oci_process, console_size, "consoleSize", OPT(T_OBJECT), 0, TABLE(BOX), 10,
	  "Size of the terminal; ignored without one."),
	F(oci_process, user, "user", T_OBJECT, ALWAYS, TABLE(USER), 10,
	  "Whom the process runs as."),
	F(oci_process, args, "args", LIST(T_STRING), 0, ANY, 10,
	  "Program and arguments. The program is looked up in the PATH of env."),
	F(oci_process, env, "env", LIST(T_STRING), 0, ANY, 10, "Environment, as NAME=VALUE."),
	F(oci_process, cwd, "cwd", T_STRING, REQUIRED, ANY, 10,
	  "Working directory: an absolute path in the container, made if missing."),
	F(oci_process, capabilities, "capabilities", OPT(T_OBJECT), 0, TABLE(CAPABILITIES), 10,
	  "Capability sets; left out, the process has none."),
	F(oci_process, rlimits, "rlimits", LIST(T_OBJECT), 0, TABLE(RLIMIT), 10,
	  "Resource limits, one of a type."),
	F(oci_process, no_new_privileges, "noNewPrivileges", T_BOOL, 0, ANY, 10,
	  "Set no_new_privs: set-uid programs and file capabilities gain nothing."),
	F(oci_process, apparmor_profile, "apparmorProfile", T_STRING, 0, ANY, 10,
	  "AppArmor profile to change to."),
	F(oci_process, oom_score_adj, "oomScoreAdj", OPT(T_I64), 0, RANGE(-1000, 1000), 10,
	  "Value for oom_score_adj; left out, it is not touched."),
	F(oci_process, scheduler, "scheduler", OPT(T_OBJECT), 0, TABLE(SCHEDULER), 11,
	  "Scheduling policy and its parameters."),
	F(oci_process, selinux_label, "selinuxLabel", T_STRING, 0, ANY, 10,
	  "SELinux label of the process."),
	F(oci_process, io_priority, "ioPriority", OPT(T_OBJECT), 0, TABLE(IO_PRIORITY), 11,
	  "I/O scheduling class and priority."),
	F(oci_process, exec_cpu_affinity, "execCPUAffinity", OPT(T_OBJECT), 0,
	  TABLE(CPU_AFFINITY), 12, "CPUs of processes that `exec` adds."),
};

static const struct field box_rows[] = {
	F(oci_box, height, "height", T_U32, REQUIRED, RANGE(0, UINT16_MAX), 10, "Rows."),
	F(oci_box, width, "width", T_U32, REQUIRED, RANGE(0, UINT16_MAX), 10, "Columns."),
};

static const struct field user_rows[] = {
	F(oci_user, uid, "uid", T_U32, ALWAYS, ID, 10, "User ID in the container."),
	F(oci_user, gid, "gid", T_U32, ALWAYS, ID, 10, "Group ID in the container."),
	F(oci_user, umask, "umask", OPT(T_U32), 0, RANGE(0, 0777), 10,
	  "File mode creation mask; left out, 022."),
	F(oci_user, additional_gids, "additionalGids", LIST(T_U32), 0, ID, 10,
	  "Supplementary groups."),
	F(oci_user, username, "username", T_STRING, 0, ANY, 10, "For Windows; ignored."),
};

#define CAPABILITY_SET(member, doc)                                                     \
	F(oci_capabilities, member, #member, LIST(T_ENUM), FIELD_LENIENT,               \
	  NAMES_OR(CAPABILITY, oci_capabilities, unknown), 10, doc)

static const struct field capabilities_rows[] = {
	CAPABILITY_SET(bounding, "Capabilities that exec can ever give."),
	CAPABILITY_SET(effective, "Capabilities that the kernel checks."),
	CAPABILITY_SET(inheritable, "Capabilities kept over exec of files that ask for them."),
	CAPABILITY_SET(permitted, "Capabilities that may be made effective."),
	CAPABILITY_SET(ambient, "Capabilities kept over exec of any file."),
};

static const struct field rlimit_rows[] = {
	F(oci_rlimit_row, type, "type", T_ENUM, REQUIRED, NAMES(RLIMIT), 10,
	  "Which limit: getrlimit(2)."),
	F(oci_rlimit_row, hard, "hard", T_U64, REQUIRED, ANY, 10, "Ceiling of the soft limit."),
	F(oci_rlimit_row, soft, "soft", T_U64, REQUIRED, ANY, 10, "The limit in force."),
};

static const struct field scheduler_rows[] = {
	F(oci_scheduler, policy, "policy", T_ENUM, REQUIRED, NAMES(SCHED_POLICY), 11,
	  "Scheduling policy: sched(7)."),
	F(oci_scheduler, nice, "nice", T_I32, 0, ANY, 11,
	  "Nice value of SCHED_OTHER and SCHED_BATCH, -20 to 19."),
	F(oci_scheduler, priority, "priority", T_I32, 0, ANY, 11,
	  "Static priority of SCHED_FIFO and SCHED_RR."),
	F(oci_scheduler, flags, "flags", LIST(T_ENUM), 0, NAMES(SCHED_FLAG), 11,
	  "Flags of sched_setattr(2)."),
	F(oci_scheduler, runtime_ns, "runtime", T_U64, 0, ANY, 11,
	  "SCHED_DEADLINE: nanoseconds to run in a period."),
	F(oci_scheduler, deadline_ns, "deadline", T_U64, 0, ANY, 11,
	  "SCHED_DEADLINE: nanoseconds in which the runtime is given."),
	F(oci_scheduler, period_ns, "period", T_U64, 0, ANY, 11,
	  "SCHED_DEADLINE: length of the period in nanoseconds."),
};

static const struct field io_priority_rows[] = {
	F(oci_io_priority, class, "class", T_ENUM, REQUIRED, NAMES(IOPRIO_CLASS), 11,
	  "I/O scheduling class: ioprio_set(2)."),
	F(oci_io_priority, priority, "priority", T_I64, 0, RANGE(0, 7), 11,
	  "Priority within the class, 0 (also when left out) is the highest."),
};

static const struct field cpu_affinity_rows[] = {
	F(oci_cpu_affinity, initial, "initial", T_STRING, 0, ANY, 12,
	  "CPU list of the runtime's process before it enters the container's cgroup."),
	F(oci_cpu_affinity, final, "final", T_STRING, 0, ANY, 12,
	  "CPU list of the process once it is there."),
};

static const struct field root_rows[] = {
	F(oci_root, path, "path", T_STRING, REQUIRED, ANY, 10,
	  "The root directory: absolute, or relative to the bundle."),
	F(oci_root, readonly, "readonly", T_BOOL, 0, ANY, 10, "Make the root read-only."),
};

static const struct field mount_rows[] = {
	F(oci_mount, destination, "destination", T_STRING, REQUIRED, ANY, 10,
	  "Where to mount: a path in the container."),
	F(oci_mount, type, "type", T_STRING, 0, ANY, 10,
	  "File system type; meaningless for bind mounts."),
	F(oci_mount, source, "source", T_STRING, 0, ANY, 10,
	  "Device, or the file or directory to bind: absolute, or relative to the bundle."),
	F(oci_mount, options, "options", LIST(T_STRING), 0, ANY, 10,
	  "Mount options. What hart does not know is passed to the file system."),
	F(oci_mount, uid_mappings, "uidMappings", LIST(T_OBJECT), 0, TABLE(ID_MAPPING), 11,
	  "User ID mappings of this mount; needs gidMappings."),
	F(oci_mount, gid_mappings, "gidMappings", LIST(T_OBJECT), 0, TABLE(ID_MAPPING), 11,
	  "Group ID mappings of this mount; needs uidMappings."),
};

#define HOOK_LIST(member, name, version, doc) \
	F(oci_hooks, member, name, LIST(T_OBJECT), 0, TABLE(HOOK), version, doc)

static const struct field hooks_rows[] = {
	HOOK_LIST(prestart, "prestart", 10,
		  "Before pivot_root, in the runtime's namespaces. Deprecated: use createRuntime."),
	HOOK_LIST(create_runtime, "createRuntime", 10,
		  "Before pivot_root, in the runtime's namespaces."),
	HOOK_LIST(create_container, "createContainer", 10,
		  "Before pivot_root, in the container's namespaces."),
	HOOK_LIST(start_container, "startContainer", 10,
		  "Just before the program, in the container."),
	HOOK_LIST(poststart, "poststart", 10,
		  "After the program was started, in the runtime's namespaces."),
	HOOK_LIST(poststop, "poststop", 10,
		  "After the container was deleted, in the runtime's namespaces."),
};

static const struct field hook_rows[] = {
	F(oci_hook, path, "path", T_STRING, REQUIRED, ANY, 10, "The program: an absolute path."),
	F(oci_hook, args, "args", LIST(T_STRING), 0, ANY, 10, "Its arguments, argv[0] included."),
	F(oci_hook, env, "env", LIST(T_STRING), 0, ANY, 10, "Its environment."),
	F(oci_hook, timeout_s, "timeout", OPT(T_I64), 0, RANGE(1, INT32_MAX), 10,
	  "Seconds after which it is killed and has failed."),
};

static const struct field id_mapping_rows[] = {
	F(oci_id_mapping, container_id, "containerID", T_U32, REQUIRED, ANY, 10,
	  "First ID in the container."),
	F(oci_id_mapping, host_id, "hostID", T_U32, REQUIRED, ANY, 10,
	  "The ID outside that it stands for."),
	F(oci_id_mapping, size, "size", T_U32, REQUIRED, ANY, 10, "How many IDs in a row."),
};

const struct table *oci_table(enum table_id id)
{
	static const struct table tables[] = {
		[TABLE_CONFIG] = TABLE_OF(oci_config, config_rows),
		[TABLE_PROCESS] = TABLE_OF(oci_process, process_rows),
		[TABLE_BOX] = TABLE_OF(oci_box, box_rows),
		[TABLE_USER] = TABLE_OF(oci_user, user_rows),
		[TABLE_CAPABILITIES] = TABLE_OF(oci_capabilities, capabilities_rows),
		[TABLE_RLIMIT] = TABLE_OF(oci_rlimit_row, rlimit_rows),
		[TABLE_SCHEDULER] = TABLE_OF(oci_scheduler, scheduler_rows),
		[TABLE_IO_PRIORITY] = TABLE_OF(oci_io_priority, io_priority_rows),
		[TABLE_CPU_AFFINITY] = TABLE_OF(oci_cpu_affinity, cpu_affinity_rows),
		[TABLE_ROOT] = TABLE_OF(oci_root, root_rows),
		[TABLE_MOUNT] = TABLE_OF(oci_mount, mount_rows),
		[TABLE_HOOKS] = TABLE_OF(oci_hooks, hooks_rows),
		[TABLE_HOOK] = TABLE_OF(oci_hook, hook_rows),
		[TABLE_ID_MAPPING] = TABLE_OF(oci_id_mapping, id_mapping_rows),
	};

	return &tables[id];
}

/* SPDX-License-Identifier: Apache-2.0 */
/* state: the rows of state.json and of the runtime-spec's state object, see state.h. */
#include "rows.h"
#include "state.h"
#include "state_rows.h"

static const struct field state_rows[] = {
	F(state, version, "version", T_U32, REQUIRED, ANY, 0, "Version of this format."),
	F(state, id, "id", T_STRING, REQUIRED, ANY, 0, "The container's ID."),
	F(state, bundle, "bundle", T_STRING, 0, ANY, 0, "Absolute path of the bundle."),
	F(state, rootfs, "rootfs", T_STRING, 0, ANY, 0, "Absolute path of the root directory."),
	F(state, oci_version, "ociVersion", T_STRING, 0, ANY, 0, "Version that the config names."),
	F(state, created, "created", T_STRING, 0, ANY, 0, "When it was created, UTC."),
	F(state, owner, "owner", T_STRING, 0, ANY, 0, "User who created it."),
	F(state, boot_id, "bootID", T_STRING, 0, ANY, 0, "The boot that pid belongs to."),
	F(state, pid, "pid", T_I64, 0, ANY, 0, "Process ID of init."),
	F(state, pid_start, "pidStart", T_U64, 0, ANY, 0, "Start time of init, in clock ticks."),
	F(state, cgroup, "cgroup", T_STRING, 0, ANY, 0, "Path below the cgroup2 mount."),
	F(state, cgroup_owned, "cgroupOwned", T_BOOL, 0, ANY, 0, "hart made the cgroup."),
	F(state, started, "started", T_BOOL, 0, ANY, 0, "start has released init."),
	F(state, systemd_unit, "systemdUnit", T_STRING, 0, ANY, 0, "systemd's unit that it is."),
	F(state, no_pivot, "noPivot", T_BOOL, 0, ANY, 0, "--no-pivot."),
	F(state, no_new_keyring, "noNewKeyring", T_BOOL, 0, ANY, 0, "--no-new-keyring."),
	F(state, has_poststart, "hasPoststart", T_BOOL, 0, ANY, 0, "There are poststart hooks."),
	F(state, has_poststop, "hasPoststop", T_BOOL, 0, ANY, 0, "There are poststop hooks."),
	F(state, has_user_ns, "hasUserNS", T_BOOL, 0, ANY, 0, "It has a user namespace."),
	F(state, has_mount_ns, "hasMountNS", T_BOOL, 0, ANY, 0, "It has a mount namespace."),
	F(state, has_pid_ns, "hasPidNS", T_BOOL, 0, ANY, 0, "Its PID namespace is its own."),
	F(state, has_small_memory, "hasSmallMemory", T_BOOL, 0, ANY, 0, "Its memory limit is very small."),
	F(state, overlay_dir, "overlayDir", T_STRING, 0, ANY, 0, "What overlay assembly made."),
	F(state, rdt_group, "rdtGroup", T_STRING, 0, ANY, 0, "resctrl group that hart made."),
	F(state, supervisor_pid, "supervisorPid", T_I64, 0, ANY, 0, "The shim that keeps it up."),
	F(state, supervisor_start, "supervisorStart", T_U64, 0, ANY, 0, "Its start time."),
	F(state, standin_pid, "standinPid", T_I64, 0, ANY, 0, "The process that stands for it."),
	F(state, standin_start, "standinStart", T_U64, 0, ANY, 0, "Its start time."),
	F(state, active, "active", T_STRING, 0, ANY, 0, "The member that serves."),
	F(state, annotations, "annotations", MAP(T_STRING), 0, ANY, 0, "The config's."),
};

static const struct field oci_state_rows[] = {
	F(oci_state, oci_version, "ociVersion", T_STRING, REQUIRED, ANY, 10,
	  "Version of the runtime-spec that this object complies with."),
	F(oci_state, id, "id", T_STRING, REQUIRED, ANY, 10, "The container's ID."),
	F(oci_state, status, "status", T_ENUM, REQUIRED, NAMES(STATUS), 10,
	  "creating, created, running, stopped or hart's own paused."),
	F(oci_state, pid, "pid", T_I64, 0, ANY, 10, "Process ID of the container's process."),
	F(oci_state, bundle, "bundle", T_STRING, REQUIRED, ANY, 10, "Absolute path of the bundle."),
	F(oci_state, annotations, "annotations", MAP(T_STRING), 0, ANY, 10, "The config's."),
};

const struct table *state_table(enum table_id id)
{
	static const struct table tables[] = {
		[TABLE_STATE - TABLE_STATE] = TABLE_OF(state, state_rows),
		[TABLE_OCI_STATE - TABLE_STATE] = TABLE_OF(oci_state, oci_state_rows),
	};

	return &tables[id - TABLE_STATE];
}

/* state: the rows of state.json and of the runtime-spec's state object, see state.h. */
#include <errno.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "fault.h"
#include "json.h"
#include "rows.h"
#include "state.h"

/* state.json of this build. Another version is refused: hart and its state share a boot. */
#define STATE_VERSION 1

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
	F(state, systemd_cgroup, "systemdCgroup", T_BOOL, 0, ANY, 0, "--systemd-cgroup."),
	F(state, no_pivot, "noPivot", T_BOOL, 0, ANY, 0, "--no-pivot."),
	F(state, no_new_keyring, "noNewKeyring", T_BOOL, 0, ANY, 0, "--no-new-keyring."),
	F(state, has_poststart, "hasPoststart", T_BOOL, 0, ANY, 0, "There are poststart hooks."),
	F(state, has_poststop, "hasPoststop", T_BOOL, 0, ANY, 0, "There are poststop hooks."),
	F(state, has_user_ns, "hasUserNS", T_BOOL, 0, ANY, 0, "It has a user namespace."),
	F(state, has_mount_ns, "hasMountNS", T_BOOL, 0, ANY, 0, "It has a mount namespace."),
	F(state, has_pid_ns, "hasPidNS", T_BOOL, 0, ANY, 0, "It has a PID namespace."),
	F(state, overlay_dir, "overlayDir", T_STRING, 0, ANY, 0, "What overlay assembly made."),
	F(state, overlay_mounts, "overlayMounts", LIST(T_STRING), 0, ANY, 0, "Its mounts."),
	F(state, rdt_group, "rdtGroup", T_STRING, 0, ANY, 0, "resctrl group that hart made."),
	F(state, console_socket, "consoleSocket", T_STRING, 0, ANY, 0, "--console-socket."),
	F(state, supervisor_pid, "supervisorPid", T_I64, 0, ANY, 0, "The shim that keeps it up."),
	F(state, supervisor_start, "supervisorStart", T_U64, 0, ANY, 0, "Its start time."),
	F(state, active, "active", T_STRING, 0, ANY, 0, "The member that serves."),
	F(state, annotations, "annotations", MAP(T_STRING), 0, ANY, 0, "The config's."),
};

struct oci_state {
	const char *oci_version, *id, *bundle;
	int status; /* enum container_status */
	int64_t pid;
	oci_map annotations;
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

int state_decode(struct arena *a, const char *json, size_t len, struct state **ret,
		 struct err *e)
{
	struct fault_sink sink = { .name = "state.json", .text = json, .len = len, .arena = a,
				   .e = e };
	struct state *s = arena_alloc(a, sizeof *s);

	if (!s)
		return err_set(e, ENOMEM, "decode state.json");
	int r = table_decode(TABLE_STATE, s, &sink);
	if (r < 0)
		return r;
	if (s->version != STATE_VERSION)
		return err_msg(e, EPROTO, "state.json: version %u, this hart knows %d", s->version,
			       STATE_VERSION);
	*ret = s;
	return 0;
}

/* Writes one line. Paths that are not UTF-8 cannot be kept as JSON: an error, not a wrong path. */
static int encode(enum table_id id, const void *src, const char *what, struct buf *out,
		  struct err *e)
{
	struct json_out o = { .buf = out };

	table_encode(id, src, &o);
	buf_puts(out, "\n");
	if (out->failed)
		return err_set(e, ENOMEM, "write %s", what);
	if (o.lossy)
		return err_msg(e, EILSEQ, "write %s: a path or name is not UTF-8", what);
	return 0;
}

int state_encode(const struct state *s, struct buf *out, struct err *e)
{
	struct state v = *s;

	v.version = STATE_VERSION;
	return encode(TABLE_STATE, &v, "state.json", out, e);
}

int state_encode_oci(const struct state *s, enum container_status status, int64_t pid,
		     struct buf *out, struct err *e)
{
	struct oci_state v = {
		.oci_version = OCI_VERSION,
		.id = s->id,
		.status = (int)status,
		.pid = pid,
		.bundle = s->bundle,
		.annotations = s->annotations,
	};

	return encode(TABLE_OCI_STATE, &v, "the state", out, e);
}

const char *state_status_name(enum container_status status)
{
	return names_of(NAMES_STATUS, (int)status);
}

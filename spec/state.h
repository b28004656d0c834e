/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state: hart's own state.json (what later calls need to know of a container) and the state that
 * the runtime-spec shows to hooks and `hart state`. Both are tables of rows like the config.
 */
#pragma once

#include "oci.h"

struct arena;
struct buf;
struct err;

enum container_status { STATUS_CREATING, STATUS_CREATED, STATUS_RUNNING, STATUS_STOPPED,
			STATUS_PAUSED };

/* Written before anything is made (intent), so that undo() knows what may exist. */
struct state {
	uint32_t version; /* of this format */
	char *id, *bundle, *rootfs;
	char *oci_version; /* of the config */
	char *created; /* RFC 3339 with nanoseconds, UTC */
	char *owner; /* user name of the caller */
	char *boot_id; /* a pid is only good in this boot */
	int64_t pid; /* init, 0 = none yet */
	uint64_t pid_start; /* field 22 of /proc/PID/stat */
	char *cgroup; /* path below the cgroup2 mount, NULL = none */
	bool cgroup_owned; /* made by us: removed on delete */
	char *systemd_unit; /* whose cgroup it is, NULL = hart made it itself */
	bool started; /* `start` released it */
	bool no_pivot, no_new_keyring; /* options of create */
	bool has_poststart, has_poststop; /* so that start and delete parse config.json only then */
	bool has_user_ns, has_mount_ns; /* its own, or one that it joins */
	bool has_pid_ns; /* its own: init's death ends all that is in it */
	bool has_small_memory; /* a limit that may be too small to start with: runtime/shortage.h */
	char *overlay_dir; /* what overlay assembly made and undo() removes, NULL = none */
	char *rdt_group; /* resctrl group made by us */
	int64_t supervisor_pid; /* the shim that keeps it up, 0 = none */
	uint64_t supervisor_start;
	int64_t standin_pid; /* stands for a service that an engine made, 0 = none */
	uint64_t standin_start;
	char *active; /* the member that serves: a container below ROOT/ID/members */
	oci_map annotations;
};

int state_decode(struct arena *a, const char *json, size_t len, struct state **ret,
		 struct err *e);
int state_encode(const struct state *s, struct buf *out, struct err *e);

/* The runtime-spec's state object (ociVersion, id, status, pid, bundle, annotations), as hooks get
 * it on stdin: one line. */
int state_encode_oci(const struct state *s, enum container_status status, int64_t pid,
		     struct buf *out, struct err *e);

/* "creating", "created", "running", "stopped", "paused" */
const char *state_status_name(enum container_status status);

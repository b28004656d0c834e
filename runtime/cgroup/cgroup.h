/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroup: a container's cgroup on the cgroup2 tree, by file descriptors relative to its mount,
 * which is found wherever it is (unified or hybrid hosts). See cgroups(7) and the kernel's
 * Documentation/admin-guide/cgroup-v2.rst.
 * Paths are as /proc/PID/cgroup shows them: absolute, "/" being the mount's root.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/fd.h"
#include "cgroup/keeper.h"
#include "oci.h"

struct arena;
struct buf;
struct cgroup_writes;
struct err;

struct cgroup {
	int root_fd; /* the cgroup2 mount, O_PATH; owned */
	int fd; /* this cgroup's folder, O_PATH; owned. Good for CLONE_INTO_CGROUP */
	const char *path; /* below the mount, "/a/b"; borrowed */
	bool spares; /* cgroup_remove() leaves one with processes in it as it is: -EBUSY */
	bool owned; /* cgroup_create made the folder, so it is ours to remove */
	struct systemd *manager; /* systemd's driver: begun to connect to */
	pid_t first; /* systemd's driver: the process it is made around; 0: the keeper */
	struct keeper keeper; /* systemd's driver: in it until somebody else is; owned */
};

#define CGROUP_INIT ((struct cgroup){ .root_fd = FD_NONE, .fd = FD_NONE, .keeper.pidfd = FD_NONE })

/* finding, making, removing: cgroup.c, cgroup/mount.c, cgroup/create.c, cgroup/remove.c */

/* The cgroup2 mount as an O_PATH fd the caller owns. -ENOENT when the host has none. */
int cgroup_mount_open(struct err *e);

/* The path below the cgroup2 mount of the cgroup of `pid` (0: the calling process), in `a`. */
int cgroup_path_of(struct arena *a, pid_t pid, char **ret_path, struct err *e);

/*
 * Where the container's cgroup is to be, as runc's cgroupfs driver has it: an absolute cgroupsPath
 * lies below the mount, a relative one (or "ID", when there is none) beside the runtime's own
 * cgroup. A ".." component or one too long is -EINVAL. *ret_path is in `a`.
 */
int cgroup_plan(struct arena *a, const struct oci_config *c, const char *id, char **ret_path,
		struct err *e);

/*
 * True when a failure of cgroup_create with `errnum` may be passed over: an unprivileged caller
 * whose config asks for neither a path nor limits. The container then has no cgroup of its own.
 */
bool cgroup_can_do_without(const struct oci_config *c, int errnum);

/* True when `path` is there now; asked before cgroup_create to write down whether it will be ours. */
int cgroup_exists(int root_fd, const char *path, bool *ret, struct err *e);

/*
 * Makes `path` and what is missing above it and turns controllers on down to it: all that the
 * host has, as engines expect; `needs` (may be NULL) names those that must be there, an error
 * (-ENOTSUP) that names them otherwise. When it names none, cgroup_apply turns them on. An existing
 * cgroup is used if no process is in it and it is not frozen (else -EBUSY). On failure what was made
 * is removed again.
 * cg->root_fd may be open already. `path` must outlive cg.
 */
int cgroup_create(struct cgroup *cg, const char *path, const struct oci_resources *needs,
		  struct err *e);

/* Turns on the controllers down to an open cgroup, as cgroup_create does; for updates that ask for
 * one that was not there at create. `asked` is a set of enum cgroup_controller. */
int cgroup_enable(struct cgroup *cg, unsigned asked, struct err *e);

/* Opens an existing cgroup; -ENOENT when it is gone. `path` must outlive cg. */
int cgroup_open(struct cgroup *cg, const char *path, struct err *e);

/* The same for one that is about to put the first process into it; -EBUSY when another one is, until that one closes it. */
int cgroup_claim(struct cgroup *cg, const char *path, struct err *e);
void cgroup_close(struct cgroup *cg);

/*
 * Gives the cgroup to the container's root user: config-linux.md, "Cgroup ownership". Does
 * something only when all its conditions hold (new cgroup namespace, writable cgroup mount).
 * `uid` is the host user that process.user.uid is mapped to.
 */
int cgroup_delegate(struct cgroup *cg, const struct oci_config *c, uid_t uid, struct err *e);

/* Removes the cgroup and all below it; waits up to `timeout_ms` for processes that are about to
 * vanish (-EBUSY with their number after that). One that is gone already is no error. */
int cgroup_remove(struct cgroup *cg, int timeout_ms, struct err *e);

/* limits: cgroup/limits.c, cgroup/apply.c, cgroup/devices.c */

/*
 * Puts linux.resources (NULL: none) in force, the device filter included, which is there even
 * without rules: default deny plus the default devices. With `update` what `r` leaves out stays as
 * it is, the filter too when there are no rules, and when a setting is refused those before it are
 * taken back (but for a device's limits in a file that had none). Files are written only for what
 * is asked for.
 */
int cgroup_apply(struct cgroup *cg, const struct oci_resources *r, bool update, struct err *e);

/* What an update with `r` is going to write, in out->arena. Refuses what cgroup_apply refuses before it writes. */
int cgroup_update_writes(struct cgroup *cg, const struct oci_resources *r, struct cgroup_writes *out, struct err *e);

/* processes: cgroup/procs.c */

/* SIGKILL to every process in it and below, at once (cgroup.kill), or one by one before Linux 5.14. */
int cgroup_kill(struct cgroup *cg, struct err *e);

/* Another signal to each of them, by pidfd. */
int cgroup_signal(struct cgroup *cg, int sig, struct err *e);

/* Freezes, returning when all processes stand still (-ETIMEDOUT and thawed again when they do not
 * within 10 s), or thaws. */
int cgroup_freeze(struct cgroup *cg, bool frozen, struct err *e);

/* 1 when it is frozen, or about to be (cgroup.freeze), 0 when not. */
int cgroup_frozen(struct cgroup *cg, struct err *e);

/* The processes in it and below, in `a`, ascending. */
int cgroup_procs(struct cgroup *cg, struct arena *a, pid_t **ret, size_t *ret_n, struct err *e);

/* Waits until no live process is left. -ETIMEDOUT after `timeout_ms` (-1: for ever). */
int cgroup_wait_empty(struct cgroup *cg, int timeout_ms, struct err *e);

/* Kills what is in it and below, and waits until it is gone. -ETIMEDOUT after KILL_TIMEOUT_MS. */
int cgroup_end(struct cgroup *cg, struct err *e);

/* Moves a process (0: the caller) into it. */
int cgroup_enter(struct cgroup *cg, pid_t pid, struct err *e);

/* The same into one that has others below: their controllers are turned off first (cgroups(7), "no internal
 * processes"). When the process has left, cgroup_enable() of one below turns them on again. */
int cgroup_enter_above(struct cgroup *cg, pid_t pid, struct err *e);

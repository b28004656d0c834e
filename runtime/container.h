/* SPDX-License-Identifier: Apache-2.0 */
/*
 * container: the lifecycle of one container, as the CLI and the shim use it (runtime.md, "Lifecycle").
 * Implemented by create.c (parent side of create), init.c (child side), start/kill/delete in
 * lifecycle.c, exec.c, undo.c and container.c (opening, status).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "state.h"

struct cgroup_driver;
struct cgroup_place;
struct err;
struct oci_config;

/* Where containers are kept: one folder each below `root_fd`. */
struct runtime {
	int root_fd; /* O_PATH; owned */
	const char *root; /* for messages */
};

/* Opens (and makes, 0700) the state root. */
int runtime_open(struct runtime *rt, const char *root, struct err *e);
void runtime_close(struct runtime *rt);

/* The default state root: /run/hart, or $XDG_RUNTIME_DIR/hart for an ordinary user and for the root of a user namespace
 * whose /run is not its own. */
const char *runtime_default_root(struct arena *a);

/* An opened container. */
struct container {
	struct runtime *rt; /* borrowed */
	int dir_fd; /* its state folder */
	bool locked; /* we hold the folder's flock */
	int pidfd; /* init, FD_NONE when it is gone; verified against start time and boot id */
	struct state *state;
	struct arena arena; /* what the members point into */
};

#define CONTAINER_INIT ((struct container){ .dir_fd = -EBADF, .pidfd = -EBADF })

/*
 * Opens an existing container and takes its lock (flock on the state folder). -ENOENT with
 * "container \"ID\" does not exist"; -EINVAL for an invalid ID (security.md 12).
 */
int container_open(struct runtime *rt, const char *id, struct container *c, struct err *e);

/* The same without the lock, for `state` and `list`, and for `kill`, which waits for nobody. */
int container_peek(struct runtime *rt, const char *id, struct container *c, struct err *e);

/*
 * The same with the lock, to remove it. The process that holds the lock may be waiting for what content keeps from
 * happening (create and start, while others of a shared PID namespace stop init): init is killed first, which ends
 * that.
 */
int container_open_forced(struct runtime *rt, const char *id, struct container *c, struct err *e);
void container_close(struct container *c);

/* The container in which a supervised service's programs run now: the active member. Any other container
 * is that itself. Locked. */
int container_open_active(struct runtime *rt, const char *id, struct container *c, struct err *e);

/* True for one that a shim keeps up, or kept up: the shim's commands (../shim/service/service.h) are for it. */
bool container_is_service(const struct container *c);

/* True while that shim is alive. */
bool container_is_supervised(const struct container *c);

/* True when a process stood for it (an engine's service) and has ended: with it, whatever else is still to be
 * cleared away. */
bool container_has_lost_standin(const struct container *c);

/* Lets others at it while we only wait for init to end. */
void container_unlock(struct container *c);

/* Takes the lock again; -ENOENT when the container was deleted in between. */
int container_relock(struct container *c, struct err *e);

/* created | running | stopped | paused, from the pidfd, state.json and the cgroup's freezer. */
int container_status(struct container *c, enum container_status *ret, struct err *e);

/* What made its cgroup, and where that is; it has one. */
const struct cgroup_driver *container_cgroup_driver(const struct container *c, struct cgroup_place *ret_place);

/* Takes into the state what a driver has planned or made. */
void container_keep_place(struct container *c, const struct cgroup_place *place);

/* Of one whose init is gone: whether another container of this root was given its cgroup since then, whose processes are those in it. */
bool container_cgroup_is_anothers(const struct container *c);

/* The container's cgroup folder (O_PATH), FD_NONE and 0 when it has none. */
int container_cgroup_fd(struct container *c, int *ret_fd, struct err *e);

/* The config.json of create time (kept in the state folder). */
int container_config(struct container *c, struct oci_config **ret, struct err *e);

/* Calls fn for each container's folder name, in name order; stops when fn returns non-zero. */
int runtime_each(struct runtime *rt, int (*fn)(struct runtime *rt, const char *id, void *arg),
		 void *arg, struct err *e);

struct create_opts {
	const char *id;
	const char *bundle; /* folder with config.json */
	const char *pid_file; /* written with init's pid, NULL = none */
	const char *console_socket; /* AF_UNIX stream path that gets the pty master, NULL = none */
	const char *pidfd_socket; /* AF_UNIX stream path that gets init's pidfd, NULL = none */
	unsigned preserve_fds; /* descriptors 3..3+N-1 pass to init, besides LISTEN_FDS */
	bool no_pivot, no_new_keyring, systemd_cgroup;
	bool keep; /* run: do not delete afterwards */
	bool detach; /* run: return once started */
	bool no_subreaper;
	bool typed; /* by a person, who sees an error: what has no effect is one */
	const char *overlay; /* --overlay value: "tmpfs", "tmpfs:SIZE" or a folder; NULL = annotation */
	/* For a supervisor: */
	const char *config_json; /* stands in for the bundle's config.json, NULL = the file */
	size_t config_len;
	/* Changes the config before anything is made of it, memory from `a`; NULL = none. Returns 0, an error, or
	 * CREATE_DECLINED: this is not to be made a container, and nothing is. */
	int (*adapt)(struct arena *a, struct oci_config *c, void *arg, struct err *e);
	void *adapt_arg;
	bool as_sibling; /* init is a child of our parent, not of us */
	/*
	 * Takes the listener of the filter that tells of init's bind(2) and listen(2) (seccomp/port_filter.h), with
	 * init's pidfd and its cgroup (FD_NONE: none); all stay the caller's. NULL = no such filter.
	 */
	int (*take_ports)(void *arg, int listener_fd, int pidfd, int cgroup_fd, struct err *e);
	void *take_ports_arg;
	const int *above_pid_ns_fd; /* the new PID namespace is to be nested in that one; NULL = in ours. Borrowed */
	const int *console_fd; /* a connected socket that gets the pty master; NULL = none. Borrowed */
};

/* What create and run return, beside 0 and errors, of a config that `adapt` declines. */
#define CREATE_DECLINED 1

/* Makes a container up to `created`. On failure nothing is left. */
int container_create(struct runtime *rt, const struct create_opts *o, struct err *e);

/* create + start [+ wait + delete]; foreground mode forwards signals, terminal and window size.
 * *ret_status is what hart exits with: init's code, 128 + signal, 0 when detached. */
int container_run(struct runtime *rt, const struct create_opts *o, int *ret_status,
		  struct err *e);

/* Releases init at its gate; waits until exec succeeded; runs poststart hooks. */
int container_start(struct container *c, struct err *e);

/* Signals init, or with `all` every process (SIGKILL by cgroup.kill). -ESRCH with "container not
 * running" when it is stopped. */
int container_kill(struct container *c, int sig, bool all, struct err *e);

/* Removes a stopped (with `force`: any) container and everything made for it. */
int container_delete(struct container *c, bool force, struct err *e);

/* Removes what is left of a container whose state cannot be read any more: `delete --force`. */
int container_delete_remains(struct runtime *rt, const char *id, struct err *e);

int container_pause(struct container *c, struct err *e);
int container_resume(struct container *c, struct err *e);

struct exec_opts {
	const char *process_json; /* --process FILE, NULL = the members below over init's process */
	char *const *args;
	size_t n_args;
	const char *user; /* "uid[:gid]" */
	const char *cwd;
	char *const *env; /* added to init's */
	size_t n_env;
	const uint32_t *additional_gids;
	size_t n_additional_gids;
	char *const *caps; /* added to all five sets */
	size_t n_caps;
	const char *apparmor, *process_label, *cgroup; /* cgroup: below the container's */
	const char *pid_file, *console_socket, *pidfd_socket;
	unsigned preserve_fds;
	bool tty, detach, no_new_privs, ignore_paused;
	bool tty_decides; /* over what process_json says */
	bool die_with_caller; /* the program gets SIGKILL when the calling thread ends */
	bool as_sibling; /* the program is a child of our parent, not of us */
	const int *console_fd; /* as in create_opts */
	pid_t *ret_pid; /* set as soon as the program is there; NULL = not asked for */
};

/* Runs a process in a running container. *ret_status as for container_run. */
int container_exec(struct container *c, const struct exec_opts *o, int *ret_status, struct err *e);

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seccomp/filter: linux.seccomp as a BPF program, made in the runtime by libseccomp, installed in the task by
 * seccomp(2) (config-linux.md "Seccomp").
 *
 * System calls newer than all that the profile names get ENOSYS instead of a refusing default action,
 * so that programs fall back to the older call (seccomp/enosys.c). Unknown names are passed over.
 * Installed as late as can be: right before execve, so that of ours the profile needs to allow nearly
 * nothing. Without noNewPrivileges that takes CAP_SYS_ADMIN, which is kept until then (caps.h). With
 * a listener it is installed while the container is created, since the agent is to know of it first.
 */
#pragma once

#include <linux/filter.h>
#include <stdbool.h>
#include <sys/types.h>

#include "state.h"

struct arena;
struct err;
struct oci_seccomp;

struct seccomp_filter {
	struct sock_fprog program; /* in the arena */
	unsigned flags; /* SECCOMP_FILTER_FLAG_* */
};

/*
 * Runtime side: compiles the profile, or takes it from the cache below `cache_dirfd` (FD_NONE: no
 * cache; a damaged or foreign entry counts as none). -EINVAL for what libseccomp cannot express.
 */
int seccomp_prepare(struct arena *a, const struct oci_seccomp *s, int cache_dirfd,
		    struct seccomp_filter *ret, struct err *e);

/* Whether a listener comes with it (SCMP_ACT_NOTIFY). */
bool seccomp_notifies(const struct seccomp_filter *f);

/* Task side. *ret_listener: the notify fd, FD_NONE when the profile has none. */
int seccomp_install(const struct seccomp_filter *f, int *ret_listener, struct err *e);

/*
 * Task side, for a filter with a listener: installs it and lets the runtime at `sync_fd` take the listener
 * (seccomp/listener.h).
 */
int seccomp_hand_over(const struct seccomp_filter *f, int sync_fd, struct err *e);

/*
 * Runtime side: sends the listener with the container process state to listenerPath (runtime.md "The
 * container process state"). `status` is the container's; `pid` the process that has the filter.
 */
int seccomp_send_listener(const struct oci_seccomp *s, const struct state *state,
			  enum container_status status, pid_t pid, int listener, struct err *e);

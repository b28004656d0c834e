/* SPDX-License-Identifier: Apache-2.0 */
/*
 * port_filter: the filter by which the keeper of a service's ports hears of bind(2) and listen(2) of a member, and of
 * nothing else (seccomp(2), SECCOMP_RET_USER_NOTIF). A layer of its own below the container's. The kernel allows one
 * listener a process, so that a profile with SCMP_ACT_NOTIFY excludes it.
 */
#pragma once

struct err;

/*
 * Installs it in the calling process and all that it will start, which takes CAP_SYS_ADMIN or no_new_privs. Returns the
 * listener, CLOEXEC, the caller's. -EBUSY: there is one already.
 */
int port_filter_install(struct err *e);

/* Task side: installs it and lets the runtime at `sync_fd` take the listener (seccomp/listener.h, SYNC_PORTS). */
int port_filter_hand_over(int sync_fd, struct err *e);

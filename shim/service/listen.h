/* SPDX-License-Identifier: Apache-2.0 */
/* listen: the service's sockets (--listen, sd_listen_fds(3)), opened in its network namespace, kept by the shim. */
#pragma once

#include "policy/policy.h"

struct err;

/*
 * Opens and binds one (SO_REUSEADDR; IPv6 takes no IPv4; streams get listen(2) with the policy's backlog, unless each member has a
 * socket of its own); CLOEXEC, the caller's. `netns_fd` FD_NONE: the caller's own network namespace. unix: the path is the host's; a
 * socket file that nobody listens on is replaced, another file is -EADDRINUSE.
 */
int listen_open(const struct listen_policy *l, int netns_fd, struct err *e);

/* Removes a unix socket's file, if it is still the one that `fd` is bound to. */
void listen_remove(const struct listen_policy *l, int fd);

/* Removes a unix socket's file that nobody listens on. */
void listen_remove_stale(const struct listen_policy *l);

/* True when `fd` is bound to that address. */
bool listen_is_at(const struct listen_policy *l, int fd);

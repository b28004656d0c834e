/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replace: `hart adopt --replace` and `hart update` with a policy: the shim executes the hart of the process that asks, as the same process,
 * and that adopts the service. Members stay its children, so that no end of theirs is missed; what no member has, the fd
 * store, comes along as open descriptors. Members, sockets and clients notice nothing.
 */
#pragma once

#include <stdbool.h>

struct ctl_connection;
struct ctl_request;
struct err;
struct service;

/* Refuses when it cannot be done: EBUSY while the service is not at rest. Else this process executes the program of the one that
 * asks, and the connection ends without an answer. */
void replace_begin(struct service *s, struct ctl_connection *c, const struct ctl_request *q);

/* For adopt: whether this process was the shim of the service before it executed this program. */
bool replace_is_own(const struct service *s);

/* What this process has brought along, in variables that are removed: how it was started, and where output goes. */
void replace_take_ends(struct service *s);
/* And then the fd store. */
int replace_take_store(struct service *s, struct err *e);

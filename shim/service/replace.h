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

/* Answers when it could not be done. Else the connection ends without an answer. */
void replace_begin(struct service *s, struct ctl_connection *c, const struct ctl_request *q);

/* For adopt: whether this process was the shim of the service before it executed this program. */
bool replace_is_own(const struct service *s);

/* What it has brought along: how it was started, and then the fd store. */
void replace_take_ends(struct service *s);
int replace_take_store(struct service *s, struct err *e);

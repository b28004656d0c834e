/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sockets: the listening sockets of a service, over the death of its shim: which they are is written down when they
 * are opened, so that adopt takes these, and no look-alike that a member has made at the same address.
 */
#pragma once

struct err;
struct member;
struct service_shared;

/* Writes down which sockets the service has. */
int sockets_save(const struct service_shared *sh, struct err *e);

/* For adopt: takes them from the `n` members, which have them still; what none has is opened anew. */
int sockets_take(struct service_shared *sh, const struct member *members, int n, struct err *e);

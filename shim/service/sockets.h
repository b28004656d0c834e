/*
 * sockets: the listening sockets of a service, over the death of its shim: which they are is written down when they
 * are opened, so that adopt takes these, and no look-alike that a member has made at the same address.
 */
#pragma once

struct err;
struct service;

/* Writes down which sockets the service has. */
int sockets_save(const struct service *s, struct err *e);

/* For adopt: takes them from the members, who have them still; what nobody has is opened anew. */
int sockets_take(struct service *s, struct err *e);

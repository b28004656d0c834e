/*
 * service_api: what the command line calls of the shim. A supervised service is a container that a policy
 * (policy.h) is asked for: its shim keeps it up.
 */
#pragma once

#include "container.h"
#include "policy.h"

/*
 * `hart run` with a policy, by flags or by the config's annotations: makes the service and keeps it up. In the
 * foreground returns at its end with *ret_status; with o->detach when it is active (the shim goes on), or with
 * the error. o->bundle is an absolute path.
 */
int service_run(struct runtime *rt, const struct create_opts *o, const struct policy_flags *flags,
		int *ret_status, struct err *e);

/* `hart adopt`: a fresh shim for a service whose shim has died. -EBUSY when it is alive. With `detach` returns
 * when it is done, else at the service's end. */
int service_adopt(struct runtime *rt, const char *id, bool detach, int *ret_status, struct err *e);

/* `hart delete` of a service: with `force` a live one too. Everything made for it goes. */
int service_delete(struct runtime *rt, struct container *c, bool force, struct err *e);

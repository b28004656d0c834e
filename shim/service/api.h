/* SPDX-License-Identifier: Apache-2.0 */
/*
 * service/api: what the command line calls of the shim. A supervised service is a container that a policy
 * (policy.h) is asked for: its shim keeps it up.
 */
#pragma once

#include "base/err.h"
#include "container.h"
#include "policy/policy.h"
#include "record/standing.h"

/*
 * `hart run` with a policy, by flags or by the config's annotations: makes the service and keeps it up. In the
 * foreground returns at its end with *ret_status; with o->detach when it is active (the shim goes on), or with
 * the error. o->bundle is an absolute path.
 */
int service_run(struct runtime *rt, const struct create_opts *o, const struct policy_flags *flags,
		int *ret_status, struct err *e);

/*
 * For engines, which make a container in two steps: an annotation asked for a policy. Returns when the primary waits
 * at its gate and the service's stand-in (standin.h) is with it: o->pid_file and o->pidfd_socket get that one, which
 * ends with the service's exit status. The members' output goes to our stdout and stderr. Then CTL_START (ctl.h) lets
 * it begin.
 */
int service_create(struct runtime *rt, const struct create_opts *o, struct err *e);

/* create_opts.adapt_arg of service_look. */
struct service_look {
	const struct policy_flags *flags; /* NULL: an engine's create has none */
	bool typed; /* by a person, who sees an error */
};

/*
 * create_opts.adapt: declines a container for which a policy is asked for, by an annotation or by the host. The sandbox of a
 * Kubernetes pod is always plain. Flags and annotations that would have no effect, as nothing makes it a service or they are
 * unknown, are an error to a person who typed them, else a warning.
 */
int service_look(struct arena *a, struct oci_config *c, void *arg, struct err *e);

/* Where the members' output goes, and who is told of them; borrowed. */
struct service_ends {
	int out_fd, err_fd;
	int notes_fd; /* SOCK_SEQPACKET: a struct service_note a message; FD_NONE: nobody */
};

/* The process that serves: when it is created, and whenever another one is active. 0: none was, and why. */
struct service_note {
	pid_t pid;
	struct err why;
};

/* The same in this process, which is the shim: returns at the service's end. */
int service_hold(struct runtime *rt, const struct create_opts *o, const struct service_ends *ends,
		 int *ret_status, struct err *e);

/* `hart adopt`: a fresh shim for a service whose shim has died. -EBUSY when it is alive. With `detach` returns
 * when it is done, else at the service's end. */
int service_adopt(struct runtime *rt, const char *id, bool detach, int *ret_status, struct err *e);

/* Where a service without a shim stands, or how it ended. */
int service_standing(struct container *c, struct standing *ret, struct err *e);

/* `hart delete` of a service: with `force` a live one too. Everything made for it goes. */
int service_delete(struct runtime *rt, struct container *c, bool force, struct err *e);

/* `hart delete --force`: whatever there is of `id`, a container or a service, alive or not, with a state that can be read or
 * not. That there is nothing is fine. -EINVAL: that is no ID. */
int service_clear(struct runtime *rt, const char *id, struct err *e);

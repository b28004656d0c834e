/* SPDX-License-Identifier: Apache-2.0 */
/* methods: the task service's methods, a row each, ended by one without a name. */
#pragma once

#include "rpc.h"

extern const struct rpc_method methods[];

/* What containerd expects as the time of an end that has not come: Go's zero time. */
#define GO_ZERO_SECONDS (-62135596800LL)

/* methods_create.c, methods_start.c, methods_delete.c */
void method_create(struct shim *s, struct call *c, const void *request);
void method_exec(struct shim *s, struct call *c, const void *request);
void method_start(struct shim *s, struct call *c, const void *request);
void method_delete(struct shim *s, struct call *c, const void *request);

/* methods_cgroup.c */
void method_pids(struct shim *s, struct call *c, const void *request);
void method_pause(struct shim *s, struct call *c, const void *request);
void method_resume(struct shim *s, struct call *c, const void *request);
void method_update(struct shim *s, struct call *c, const void *request);
void method_stats(struct shim *s, struct call *c, const void *request);

/* Kill of all processes of a container. */
void method_kill_all(struct shim *s, struct call *c, struct proc *p, int sig);

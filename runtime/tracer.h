/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tracer: a process of ours that has CAP_SYS_ADMIN, where somebody has CAP_SYS_PTRACE and could stop it. Where the kernel
 * leaves no other way to make a container, that is refused.
 */
#pragma once

struct container;
struct err;
struct oci_config;
struct oci_process;
struct seccomp_call;

/*
 * Members of an engine's service are made in its PID namespace, with that capability until they are nested in it (nest.h):
 * who may trace does not get in there.
 * Before a container is made: `pid_ns_fd` (borrowed) is the PID namespace that it joins, FD_NONE when it joins none.
 */
int tracer_check_create(const struct oci_config *c, int pid_ns_fd, struct err *e);

/* Before `p` is run in a container, which may have more capabilities than that was made with. */
int tracer_check_exec(const struct container *c, const struct oci_config *config, const struct oci_process *p, struct err *e);

/*
 * Before `p` is run under a filter which is put on no sooner than in the container's PID namespace, as it refuses `call`:
 * without no_new_privs that takes the capability, so nobody who may trace can be there.
 */
int tracer_check_filter(const struct seccomp_call *call, const struct oci_config *c, const struct oci_process *p, struct err *e);

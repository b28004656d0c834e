/*
 * tracer: a container that may trace, in the PID namespace of an engine's service. Members of that are made there, with
 * CAP_SYS_ADMIN until they are nested in it (nest.h): whoever stops one then has that. The kernel has no way around it,
 * so who has CAP_SYS_PTRACE over the service is not let in.
 */
#pragma once

struct container;
struct err;
struct oci_config;
struct oci_process;

/* Before a container is made: `pid_ns_fd` (borrowed) is the PID namespace that it joins, FD_NONE when it joins none. */
int tracer_check_create(const struct oci_config *c, int pid_ns_fd, struct err *e);

/* Before `p` is run in a container, which may have more capabilities than that was made with. */
int tracer_check_exec(const struct container *c, const struct oci_config *config, const struct oci_process *p, struct err *e);

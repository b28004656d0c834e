/* SPDX-License-Identifier: Apache-2.0 */
/*
 * weak: hart, and its shim for containerd, with the defences switched off that HART_WEAK names (with commas), so that
 * tests can show that their attack works when nothing stands in its way. Linked with --wrap; never installed.
 */
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "allow/allow.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/sys.h"
#include "container.h"
#include "hooks_aside.h"
#include "ns/ns.h"
#include "rootfs/mount.h"
#include "seccomp/allows.h"
#include "tracer.h"

#ifdef WEAK_SHIM
#include "job.h"
#include "proc.h"
#endif

struct listen_policy;

static char off[256];

/* At the start: hart forgets its environment before content runs. */
__attribute__((constructor)) static void read_environment(void)
{
	const char *name = getenv("HART_WEAK");

	if (name)
		strncpy(off, name, sizeof off - 1);
}

static bool is_off(const char *defence)
{
	size_t n = strlen(defence);

	for (const char *p = off; (p = strstr(p, defence)); p += n)
		if ((p == off || p[-1] == ',') && (!p[n] || p[n] == ','))
			return true;
	return false;
}

int __real_fd_close_from(unsigned first, const int *keep, size_t n, struct err *e);
int __wrap_fd_close_from(unsigned first, const int *keep, size_t n, struct err *e);

/* "cloexec": descriptors are only marked to be closed at execve. */
int __wrap_fd_close_from(unsigned first, const int *keep, size_t n, struct err *e)
{
	if (!is_off("cloexec"))
		return __real_fd_close_from(first, keep, n, e);
	return sys_close_range(first, ~0U, CLOSE_RANGE_CLOEXEC) < 0 ? -errno : 0;
}

int __real_null_clone(struct err *e);
int __wrap_null_clone(struct err *e);
int __real_null_reopen(struct err *e);
int __wrap_null_reopen(struct err *e);

/* "null": the host's /dev/null itself. */
int __wrap_null_clone(struct err *e)
{
	return is_off("null") ? mount_clone(AT_FDCWD, "/dev/null", false, e) : __real_null_clone(e);
}

int __wrap_null_reopen(struct err *e)
{
	return is_off("null") ? 0 : __real_null_reopen(e);
}

int __real_allow_annotations(struct arena *a, int bundle_fd, enum allow_whose whose, oci_map *annotations, struct err *e);
int __wrap_allow_annotations(struct arena *a, int bundle_fd, enum allow_whose whose, oci_map *annotations, struct err *e);

/* "annotations": each may do what it wants to. */
int __wrap_allow_annotations(struct arena *a, int bundle_fd, enum allow_whose whose, oci_map *annotations, struct err *e)
{
	return is_off("annotations") ? 0 : __real_allow_annotations(a, bundle_fd, whose, annotations, e);
}

int __real_listen_mend(const struct listen_policy *l, int fd);
int __wrap_listen_mend(const struct listen_policy *l, int fd);

/* "mend": a listening socket goes to the next member as the last one has left it. */
int __wrap_listen_mend(const struct listen_policy *l, int fd)
{
	return is_off("mend") ? 0 : __real_listen_mend(l, fd);
}

void __real_aside_close(int *fd);
void __wrap_aside_close(int *fd);

/* "aside": the shim itself closes what a member has made. */
void __wrap_aside_close(int *fd)
{
	if (is_off("aside"))
		fd_close(fd);
	else
		__real_aside_close(fd);
}

enum ns_entry __real_ns_entry_of(const struct oci_config *c, const struct ns_plan *p, int pid_ns_fd);
enum ns_entry __wrap_ns_entry_of(const struct oci_config *c, const struct ns_plan *p, int pid_ns_fd);

/* "late": what is made is in the PID namespace that it joins from the first to the last. */
enum ns_entry __wrap_ns_entry_of(const struct oci_config *c, const struct ns_plan *p, int pid_ns_fd)
{
	return is_off("late") ? NS_AT_ONCE : __real_ns_entry_of(c, p, pid_ns_fd);
}

int __real_nowhere_enter(struct err *e);
int __wrap_nowhere_enter(struct err *e);

/* and it has the host's root. */
int __wrap_nowhere_enter(struct err *e)
{
	return is_off("late") ? 0 : __real_nowhere_enter(e);
}

int __real_tracer_check_create(const struct oci_config *c, int pid_ns_fd, struct err *e);
int __wrap_tracer_check_create(const struct oci_config *c, int pid_ns_fd, struct err *e);

/* "tracer": who may trace joins the PID namespace of a service. */
int __wrap_tracer_check_create(const struct oci_config *c, int pid_ns_fd, struct err *e)
{
	return is_off("tracer") ? 0 : __real_tracer_check_create(c, pid_ns_fd, e);
}

int __real_tracer_check_exec(const struct container *c, const struct oci_config *config, const struct oci_process *p, struct err *e);
int __wrap_tracer_check_exec(const struct container *c, const struct oci_config *config, const struct oci_process *p, struct err *e);

int __wrap_tracer_check_exec(const struct container *c, const struct oci_config *config, const struct oci_process *p, struct err *e)
{
	return is_off("tracer") ? 0 : __real_tracer_check_exec(c, config, p, e);
}

bool __real_hooks_go_aside(const struct creation *m);
bool __wrap_hooks_go_aside(const struct creation *m);

/* "hooks": init runs createContainer hooks, wherever what it clones is. */
bool __wrap_hooks_go_aside(const struct creation *m)
{
	return !is_off("hooks") && __real_hooks_go_aside(m);
}

const struct seccomp_call *__real_seccomp_refused(const struct seccomp_filter *f, const struct seccomp_call *calls, size_t n);
const struct seccomp_call *__wrap_seccomp_refused(const struct seccomp_filter *f, const struct seccomp_call *calls, size_t n);
int __real_tracer_check_filter(const struct seccomp_call *call, const struct oci_config *c, const struct oci_process *p, struct err *e);
int __wrap_tracer_check_filter(const struct seccomp_call *call, const struct oci_config *c, const struct oci_process *p, struct err *e);

/* "early": the filter is put on by who is to be the program, in the container's PID namespace... */
const struct seccomp_call *__wrap_seccomp_refused(const struct seccomp_filter *f, const struct seccomp_call *calls, size_t n)
{
	return is_off("early") ? calls : __real_seccomp_refused(f, calls, n);
}

/* ... whoever else is there. */
int __wrap_tracer_check_filter(const struct seccomp_call *call, const struct oci_config *c, const struct oci_process *p, struct err *e)
{
	return is_off("early") ? 0 : __real_tracer_check_filter(call, c, p, e);
}

void __real_container_unlock(struct container *c);
void __wrap_container_unlock(struct container *c);

/* "lock": the lock is held while content can make its holder wait... */
void __wrap_container_unlock(struct container *c)
{
	if (!is_off("lock"))
		__real_container_unlock(c);
}

int __real_container_kill(struct container *c, int sig, bool all, struct err *e);
int __wrap_container_kill(struct container *c, int sig, bool all, struct err *e);

/* ... and kill waits for it. */
int __wrap_container_kill(struct container *c, int sig, bool all, struct err *e)
{
	int r = is_off("lock") ? container_relock(c, e) : 0;

	return r < 0 ? r : __real_container_kill(c, sig, all, e);
}

/* Of service/parts.h, which containerd's headers do not go with. */
struct service;
struct member;
void service_warn(struct service *s, struct member *m, const struct err *why);
void __real_service_warn_caused(struct service *s, struct member *m, const struct err *why);
void __wrap_service_warn_caused(struct service *s, struct member *m, const struct err *why);

/* "rate": what a member causes is written down however often it comes. */
void __wrap_service_warn_caused(struct service *s, struct member *m, const struct err *why)
{
	if (is_off("rate"))
		service_warn(s, m, why);
	else
		__real_service_warn_caused(s, m, why);
}

#ifdef WEAK_SHIM

void __real_job_start(struct job *j);
void __wrap_job_start(struct job *j);

/* "lock" in containerd's shim: what exec does is waited for, instead of done aside. */
void __wrap_job_start(struct job *j)
{
	bool waits = is_off("lock") && *proc_exec_id(j->proc);

	__real_job_start(j);
	if (!waits || j->worker.pidfd < 0)
		return;
	struct pollfd p = { .fd = j->worker.pidfd, .events = POLLIN };
	while (poll(&p, 1, -1) < 0)
		;
}

#else

void __real_visible_put(struct buf *out, const char *text, size_t len);
void __wrap_visible_put(struct buf *out, const char *text, size_t len);

/* "visible": a terminal gets a log as it is. */
void __wrap_visible_put(struct buf *out, const char *text, size_t len)
{
	if (is_off("visible"))
		buf_put(out, text, len);
	else
		__real_visible_put(out, text, len);
}

#endif

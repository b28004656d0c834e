/* SPDX-License-Identifier: Apache-2.0 */
/* ns: see ns.h. */
#include "ns/ns.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/nsfs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/io.h"
#include "base/procfd.h"
#include "base/spawn.h"
#include "base/stack.h"
#include "base/sys.h"
#include "cgroup/cgroup.h"

static const struct {
	int flag;
	const char *name;
} kinds[OCI_NS_COUNT] = {
	[OCI_NS_PID] = { CLONE_NEWPID, "pid" },	   [OCI_NS_NETWORK] = { CLONE_NEWNET, "network" },
	[OCI_NS_MOUNT] = { CLONE_NEWNS, "mount" }, [OCI_NS_IPC] = { CLONE_NEWIPC, "ipc" },
	[OCI_NS_UTS] = { CLONE_NEWUTS, "uts" },	   [OCI_NS_USER] = { CLONE_NEWUSER, "user" },
	[OCI_NS_CGROUP] = { CLONE_NEWCGROUP, "cgroup" }, [OCI_NS_TIME] = { CLONE_NEWTIME, "time" },
};

int ns_flag(enum oci_ns type)
{
	return kinds[type].flag;
}

const char *ns_name(enum oci_ns type)
{
	return kinds[type].name;
}

static int open_ns(const struct oci_namespace *ns, struct err *e)
{
	_cleanup_fd_ int fd = open(ns->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return err_set(e, errno, "open %s namespace %s", kinds[ns->type].name, ns->path);
	if (ioctl(fd, NS_GET_NSTYPE) != kinds[ns->type].flag)
		return err_msg(e, EINVAL, "join %s: not a %s namespace", ns->path,
			       kinds[ns->type].name);
	return fd_take(&fd);
}

static int add_joined(struct ns_plan *p, const struct oci_namespace *ns, struct err *e)
{
	int fd = open_ns(ns, e);

	if (fd < 0)
		return fd;
	struct ns_join j = { fd, kinds[ns->type].flag, kinds[ns->type].name };
	if (ns->type == OCI_NS_TIME)
		p->time_join = j;
	else
		p->join[p->n_join++] = j;
	return 0;
}

static void enter_pid_ns_last(const struct oci_config *c, struct ns_plan *p)
{
	for (unsigned i = 0; i < p->n_join; i++) {
		if (p->join[i].flags != CLONE_NEWPID)
			continue;
		enum ns_entry entry = ns_entry_of(c, p, p->join[i].fd);
		p->by_itself = entry == NS_BY_ITSELF;
		if (entry == NS_LAST) {
			p->pid_join = p->join[i];
			p->join[i] = p->join[--p->n_join];
		}
		return;
	}
}

int ns_prepare(const struct oci_config *c, struct ns_plan *p, struct err *e)
{
	*p = NS_PLAN_INIT;
	for (size_t i = 0; i < c->linux_->namespaces.n; i++) {
		const struct oci_namespace *ns = &c->linux_->namespaces.v[i];
		int r = 0;
		if (oci_namespace_is_joined(ns))
			r = add_joined(p, ns, e);
		else if (ns->type == OCI_NS_CGROUP)
			p->unshare |= CLONE_NEWCGROUP;
		else if (ns->type == OCI_NS_IPC && oci_namespace(c, OCI_NS_USER))
			p->unshare |= CLONE_NEWIPC;
		else if (ns->type == OCI_NS_TIME)
			p->unshare_time = true;
		else
			p->new_flags |= (uint64_t)kinds[ns->type].flag;
		if (r < 0) {
			ns_close(p);
			return r;
		}
	}
	enter_pid_ns_last(c, p);
	return 0;
}

int ns_join_last(const struct ns_plan *p, struct err *e)
{
	return !p->by_itself && setns(p->pid_join.fd, CLONE_NEWPID) < 0 ? err_set(e, errno, "join the %s namespace", p->pid_join.name) : 0;
}

int ns_nest(struct ns_plan *p, int fd, struct err *e)
{
	int own = fcntl(fd, F_DUPFD_CLOEXEC, 3);

	if (own < 0)
		return err_set(e, errno, "nest the PID namespace");
	p->new_flags &= ~(uint64_t)CLONE_NEWPID;
	p->pid_join = (struct ns_join){ own, CLONE_NEWPID, "service's PID" };
	p->nests = p->as_sibling = true;
	return 0;
}

void ns_prepare_exec(struct ns_plan *p, int pidfd, int flags)
{
	*p = NS_PLAN_INIT;
	if (flags & ~CLONE_NEWTIME)
		p->join[p->n_join++] = (struct ns_join){ pidfd, flags & ~CLONE_NEWTIME, "container" };
	if (flags & CLONE_NEWTIME)
		p->time_join = (struct ns_join){ pidfd, CLONE_NEWTIME, "time" };
}

int ns_open_of(pid_t pid, int pidfd, const char *file)
{
	char path[48];

	snprintf(path, sizeof path, "/proc/%d/ns/%s", pid, file);
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	/* Of another user's it may not be ours to signal; it is there. */
	return sys_pidfd_send_signal(pidfd, 0) < 0 && errno == ESRCH ? -ESRCH : fd_take(&fd);
}

void ns_close(struct ns_plan *p)
{
	for (unsigned i = 0; i < p->n_join; i++)
		fd_close(&p->join[i].fd);
	p->n_join = 0;
	fd_close(&p->time_join.fd);
	fd_close(&p->pid_join.fd);
}

bool ns_is_new(const struct ns_plan *p, int flag)
{
	if (flag == CLONE_NEWTIME)
		return p->unshare_time;
	return (p->new_flags | p->unshare) & (uint64_t)flag;
}

/*
 * Joins in two passes: namespaces that the host's user namespace owns must be entered before the
 * user namespace, those that it owns only after.
 */
int ns_join(const struct ns_plan *p, struct err *e)
{
	bool joined[OCI_NS_COUNT + 1] = { false };

	for (unsigned i = 0; i < p->n_join; i++)
		joined[i] = p->join[i].flags != CLONE_NEWUSER &&
			    setns(p->join[i].fd, p->join[i].flags) == 0;
	for (unsigned i = 0; i < p->n_join; i++)
		if (p->join[i].flags == CLONE_NEWUSER && setns(p->join[i].fd, CLONE_NEWUSER) < 0)
			return err_set(e, errno, "join the user namespace");
	for (unsigned i = 0; i < p->n_join; i++)
		if (!joined[i] && p->join[i].flags != CLONE_NEWUSER &&
		    setns(p->join[i].fd, p->join[i].flags) < 0)
			return err_set(e, errno, "join the %s namespace", p->join[i].name);
	return 0;
}

struct cloning {
	const struct ns_plan *plan;
	int cgroup_fd;
	int (*fn)(void *arg);
	void *arg;
	struct ns_child *ret;
	int hold[2]; /* the child waits for a byte from the other end, until it is in its cgroup; FD_NONE: it does not */
	struct err *e;
};

/* A pipe would raise SIGPIPE when the child has been killed meanwhile. */
static int make_hold(int *hold)
{
	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, hold);
}

/*
 * A process that has joined a user namespace may not clone into a cgroup that belongs to the host's root, nor an ordinary user
 * into one of theirs that is not below their own, and clone(2) cannot where clone3 is refused. The caller, still outside, puts the
 * child there.
 */
static bool hold_child(struct cloning *c, struct clone_args *args)
{
	if (!(args->flags & CLONE_INTO_CGROUP) || (errno != EACCES && errno != ENOSYS) ||
	    make_hold(c->hold) < 0)
		return false;
	args->flags &= ~(uint64_t)CLONE_INTO_CGROUP;
	return true;
}

static bool is_let_go(struct cloning *c)
{
	char byte;

	if (c->hold[0] < 0)
		return true;
	close(c->hold[1]);
	return read(c->hold[0], &byte, 1) == 1 && close(c->hold[0]) == 0;
}

int ns_let_go(int *hold, struct err *e)
{
	int r = send(*hold, "", 1, MSG_NOSIGNAL) == 1 ? 0 : err_set(e, errno, "let the container's process go on");

	fd_close(hold);
	return r;
}

static int put_in_cgroup(struct cloning *c)
{
	struct cgroup cg = CGROUP_INIT;

	if (c->hold[0] < 0)
		return 0;
	cg.fd = c->cgroup_fd;
	cg.path = "of the container";
	int r = cgroup_enter(&cg, c->ret->pid, c->e);
	return r < 0 ? r : ns_let_go(&c->hold[1], c->e);
}

static int clone_child(struct cloning *c, uint64_t extra_flags)
{
	struct ns_child child = { .pidfd = FD_NONE };
	struct clone_args args = {
		.flags = c->plan->new_flags | CLONE_PIDFD | extra_flags,
		.pidfd = (uint64_t)(uintptr_t)&child.pidfd,
		/* With CLONE_PARENT the sibling takes over the stage's exit signal. */
		.exit_signal = extra_flags & CLONE_PARENT ? 0 : SIGCHLD,
	};

	if (c->cgroup_fd >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)c->cgroup_fd;
	}
	child.pid = spawn_process(&args);
	if (child.pid < 0 && hold_child(c, &args))
		child.pid = spawn_process(&args);
	if (child.pid == 0)
		_exit(is_let_go(c) ? c->fn(c->arg) : 1);
	if (child.pid < 0)
		return err_set(c->e, errno, "clone3 the container's process");
	*c->ret = child;
	return 0;
}

#define STAGE_STACK_BYTES ((size_t)256 << 10) /* what the child is to go on with: it has a copy */

/* What a stage does; its result stays here, since the caller need not be its parent. */
struct call {
	int fd, flags, result;
	int (*fn)(void *arg, struct err *e);
	void *arg;
	struct err *e;
};

#define NOT_DONE INT_MIN

/* Runs main(call) as a vfork'd task: its memory and descriptors are ours. */
static int run_stage(int (*main)(void *arg), struct call *call, bool as_sibling)
{
	int flags = CLONE_FILES | (as_sibling ? CLONE_PARENT : 0) | SIGCHLD;
	struct stack stack;

	if (stack_make(&stack, STAGE_STACK_BYTES, call->e) < 0)
		return err_in(call->e, "make a stage to join namespaces");
	call->result = NOT_DONE;
	pid_t pid = stack_clone(&stack, main, flags, call);
	int errnum = errno;
	stack_free(&stack);
	if (pid < 0)
		return err_set(call->e, errnum, "clone a stage to join namespaces");
	while (!as_sibling && waitpid(pid, NULL, 0) < 0)
		if (errno != EINTR)
			return err_set(call->e, errno, "wait for the namespace stage");
	if (call->result == NOT_DONE)
		return err_msg(call->e, EIO, "join namespaces: the stage was killed");
	return call->result;
}

/* Shares memory and descriptors with the caller, which waits: it may write to *ret and *e. */
static int clone_stage(void *arg)
{
	struct call *call = arg;
	struct cloning *c = call->arg;
	int r = ns_join(c->plan, c->e);

	if (r >= 0)
		r = clone_child(c, CLONE_PARENT);
	call->result = r;
	return 0;
}

static int clone_through_stage(struct cloning *c)
{
	struct call call = { .arg = c, .e = c->e };

	return run_stage(clone_stage, &call, c->plan->as_sibling);
}

/* A task of its own file system context (no CLONE_FS), so joining a mount namespace is allowed. */
static int call_stage(void *arg)
{
	struct call *c = arg;

	c->result = setns(c->fd, c->flags) < 0 ? err_set(c->e, errno, "join namespaces")
					       : c->fn(c->arg, c->e);
	return 0;
}

static int unshared_stage(void *arg)
{
	struct call *c = arg;

	c->result = unshare(c->flags) < 0 ? err_set(c->e, errno, "unshare namespaces") : c->fn(c->arg, c->e);
	return 0;
}

int ns_call_unshared(int flags, int (*fn)(void *arg, struct err *e), void *arg, struct err *e)
{
	struct call c = { FD_NONE, flags, NOT_DONE, fn, arg, e };

	return run_stage(unshared_stage, &c, false);
}

int ns_call(int fd, int flags, int (*fn)(void *arg, struct err *e), void *arg, struct err *e)
{
	struct err own = ERR_INIT;
	struct call c = { fd, flags, NOT_DONE, fn, arg, e ? e : &own };

	return run_stage(call_stage, &c, false);
}

static int start_child(struct cloning *c)
{
	return c->plan->n_join ? clone_through_stage(c) : clone_child(c, c->plan->as_sibling ? CLONE_PARENT : 0);
}

int ns_enter_by_itself(const struct ns_plan *p, struct err *e)
{
	int r = p->by_itself ? ns_join(p, e) : 0;

	if (r >= 0 && p->by_itself && unshare((int)p->new_flags) < 0)
		r = err_set(e, errno, "unshare namespaces");
	return r;
}

/* How the child is cloned: in no namespace, if it enters them by itself. */
static const struct ns_plan *cloned_by(const struct ns_plan *p, struct ns_plan *none)
{
	*none = NS_PLAN_INIT;
	none->as_sibling = p->as_sibling;
	return p->by_itself ? none : p;
}

int ns_clone(const struct ns_plan *p, int cgroup_fd, int (*fn)(void *arg), void *arg,
	     struct ns_child *ret, struct err *e)
{
	struct ns_plan none;
	struct err own = ERR_INIT;
	struct cloning c = { cloned_by(p, &none), cgroup_fd, fn, arg, ret, { FD_NONE, FD_NONE }, e ? e : &own };

	int r = start_child(&c);
	if (r >= 0)
		r = put_in_cgroup(&c);
	fd_close(&c.hold[0]);
	fd_close(&c.hold[1]);
	return r;
}

int ns_clone_held(const struct ns_plan *p, int (*fn)(void *arg), void *arg, struct ns_child *ret, int *ret_hold, struct err *e)
{
	struct ns_plan none;
	struct cloning c = { cloned_by(p, &none), FD_NONE, fn, arg, ret, { FD_NONE, FD_NONE }, e };

	if (make_hold(c.hold) < 0)
		return err_set(e, errno, "make a socket to hold the container's process");
	int r = start_child(&c);
	fd_close(&c.hold[0]);
	if (r < 0)
		fd_close(&c.hold[1]);
	else
		*ret_hold = c.hold[1];
	return r;
}

void ns_discard(const struct ns_child *child)
{
	siginfo_t info;

	if (child->pidfd < 0)
		return;
	sys_pidfd_send_signal(child->pidfd, SIGKILL);
	while (waitid((idtype_t)P_PIDFD, (id_t)child->pidfd, &info, WEXITED) < 0 && errno == EINTR)
		;
}

static int write_offsets(const struct oci_config *c, int offsets_fd, struct err *e)
{
	for (size_t i = 0; i < c->linux_->time_offsets.n; i++) {
		const struct oci_time_offset *o = &c->linux_->time_offsets.v[i];
		char line[96];
		snprintf(line, sizeof line, "%s %lld %u\n", o->clock, (long long)o->secs, o->nanosecs);
		if (write(offsets_fd, line, strlen(line)) < 0)
			return err_set(e, errno, "set the %s clock's offset", o->clock);
	}
	return 0;
}

int ns_offsets_open(struct ns_plan *p, const struct oci_config *c, int procfd, struct err *e)
{
	if (!p->unshare_time || !c->linux_->time_offsets.n)
		return 0;
	p->offsets_fd = procfd_openat(procfd, "self/timens_offsets", O_WRONLY, e);
	return p->offsets_fd < 0 ? p->offsets_fd : 0;
}

/* Offsets are fixed once a task is in the namespace, so: made, written, then entered. */
static int new_time_ns(const struct ns_plan *p, const struct oci_config *c, int procfd, struct err *e)
{
	if (unshare(CLONE_NEWTIME) < 0)
		return err_set(e, errno, "unshare the time namespace");
	int r = write_offsets(c, p->offsets_fd, e);
	if (r < 0)
		return r;
	_cleanup_fd_ int dir = procfd_openat(procfd, "self/ns", O_PATH | O_DIRECTORY, e);
	if (dir < 0)
		return dir;
	_cleanup_fd_ int fd = openat(dir, "time_for_children", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_set(e, errno, "open the new time namespace");
	if (setns(fd, CLONE_NEWTIME) < 0)
		return err_set(e, errno, "enter the new time namespace");
	return 0;
}

int ns_finish(const struct ns_plan *p, const struct oci_config *c, int procfd, struct err *e)
{
	if (p->time_join.fd >= 0 && setns(p->time_join.fd, CLONE_NEWTIME) < 0)
		return err_set(e, errno, "join the time namespace");
	if (p->unshare && unshare((int)p->unshare) < 0)
		return err_set(e, errno, "unshare the %s namespace",
			       p->unshare & CLONE_NEWIPC ? "ipc" : "cgroup");
	return p->unshare_time ? new_time_ns(p, c, procfd, e) : 0;
}

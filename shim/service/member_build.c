/* SPDX-License-Identifier: Apache-2.0 */
/* member_build: making, finding again and undoing a member: workers around container_create and
 * container_delete, then the descriptors by which the shim holds it. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "annotation.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/io.h"
#include "base/path.h"
#include "base/sys.h"
#include "cgroup/cgroup.h"
#include "ns/ns.h"
#include "service/member.h"
#include "service/origin.h"
#include "service/api.h"
#include "service/fdset.h"
#include "service/files.h"
#include "service/made.h"
#include "service/ports.h"
#include "service/shared.h"
#include "wire/gate.h"

/* -- in the worker --------------------------------------------------------------------------- */

static int use_stdio(struct member *m, struct err *e)
{
	if (m->out_fd < 0)
		return 0;
	_cleanup_fd_ int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (null < 0 || dup2(null, 0) < 0 || dup2(m->out_fd, 1) < 0 || dup2(m->err_fd, 2) < 0)
		return err_set(e, errno, "set up standard descriptors");
	fd_close(&m->out_fd);
	fd_close(&m->err_fd);
	return 0;
}

/* Of one whose state cannot be read. */
static int kill_cgroup(const struct member_common *common, const char *name, struct err *e)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct cgroup cg = CGROUP_INIT;
	char *path = arena_printf(&a, "%s/%s", common->container->state->cgroup, name);
	int r = path ? cgroup_open(&cg, path, e) : err_set(e, ENOMEM, "kill %s", name);

	if (r >= 0)
		r = cgroup_kill(&cg, e);
	if (r >= 0)
		r = cgroup_remove(&cg, KILL_TIMEOUT_MS, e);
	cgroup_close(&cg);
	if (r == -ENOENT)
		err_clear(e);
	return r == -ENOENT ? 0 : r;
}

static int undo_leftover(const struct member_common *common, const char *name, struct err *e)
{
	struct container c;
	int r = container_open(common->runtime, name, &c, e);

	if (r == -ENOENT) {
		err_clear(e);
		return 0;
	}
	if (r < 0) {
		err_clear(e);
		r = kill_cgroup(common, name, e);
		return r < 0 ? r : container_delete_remains(common->runtime, name, e);
	}
	r = container_delete(&c, true, e);
	container_close(&c);
	return r;
}

/*
 * A standby that is no bundle of its own stands on the primary's: the service's, or that of the last upgrade that
 * has proved stable. Returns 1 for one whose config is its own.
 */
static int find_origin(struct arena *a, const struct member *m, struct origin *ret, struct err *e)
{
	const struct service_made *made = m->common->made;
	const struct member *primary = m->owner->primary(m);
	struct origin first = { .bundle = made->bundle, .json = made->config_json, .json_len = made->config_len };
	struct origin base = first;
	int r = 0;

	if (primary->is_upgrade && !m->is_upgrade)
		r = origin_find(a, primary->dir, &first, &base, e);
	if (r >= 0)
		r = origin_find(a, m->dir, &base, ret, e);
	return r < 0 ? r : ret->own_config && ret->bundle != base.bundle;
}

static int take_ports(void *arg, int listener_fd, int pidfd, int cgroup_fd, struct err *e)
{
	const struct member *m = arg;

	return service_ports_enter(m->common->container->dir_fd, m->index, listener_fd, pidfd, cgroup_fd, e);
}

static int create(struct member *m, struct err *e)
{
	const struct member_common *common = m->common;
	const struct container *service = common->container;
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct create_opts o = common->made->create;
	struct origin origin;
	int r = find_origin(&a, m, &origin, e);

	if (r < 0)
		return r;
	struct adaption ad = {
		.cgroup = arena_printf(&a, "%s/%s", service->state->cgroup, m->name),
		.notify_dir = arena_printf(&a, "%s/%s/" NOTIFY_DIR "/%s", service->rt->root, service->state->id, m->name),
		.shared = common->shared->held,
		.own_config = origin.own_config,
		.is_primary = m->index == 0,
		.is_first = common->shared->renewing || (!m->hooks_ran && (m->index == 0 || r)),
		.nests = *common->above_pid_ns_fd >= 0,
		.rootfs = origin.rootfs,
	};
	o.id = m->name;
	o.bundle = "."; /* entered below, following no symlink */
	o.config_json = origin.json;
	o.config_len = origin.json_len;
	o.adapt = adapt_config;
	o.adapt_arg = &ad;
	o.as_sibling = true;
	if (common->policy->n_ports) {
		o.take_ports = take_ports;
		o.take_ports_arg = m;
	}
	o.systemd_cgroup = false; /* it lies below the service's, which systemd may have made */
	o.above_pid_ns_fd = ad.nests ? common->above_pid_ns_fd : NULL;
	if (!ad.cgroup || !ad.notify_dir)
		return err_set(e, ENOMEM, "build %s", m->name);
	_cleanup_fd_ int bundle = path_open_real(origin.bundle, O_PATH | O_DIRECTORY);
	if (bundle < 0 || fchdir(bundle) < 0)
		return err_set(e, bundle < 0 ? -bundle : errno, "enter the bundle %s", origin.bundle);
	r = container_create(common->runtime, &o, e);
	return r < 0 && m->dir ? err_in(e, "standby %s", m->dir) : r;
}

/* `adopt` undoes unfinished work, so a worker must not outlive the shim. */
static int die_with_shim(const struct member *m, struct err *e)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	return getppid() == m->common->container->state->supervisor_pid ? 0
									 : err_msg(e, ESRCH, "the shim is gone");
}

static int build(void *arg, struct err *e)
{
	struct member *m = arg;
	int r = die_with_shim(m, e);

	if (r >= 0)
		r = undo_leftover(m->common, m->name, e);
	if (r >= 0)
		r = use_stdio(m, e);
	return r < 0 ? r : create(m, e);
}

static int undo(void *arg, struct err *e)
{
	struct member *m = arg;
	int r = die_with_shim(m, e);

	return r < 0 ? r : undo_leftover(m->common, m->name, e);
}

/* -- in the shim ----------------------------------------------------------------------------- */

static int hold_cgroup(struct member *m, const char *path, struct err *e)
{
	struct cgroup cg = CGROUP_INIT;
	int r = cgroup_open(&cg, path, e);

	if (r >= 0) {
		m->cgroup_fd = fd_take(&cg.fd);
		m->kill_fd = openat(m->cgroup_fd, "cgroup.kill", O_WRONLY | O_CLOEXEC);
		if (m->kill_fd < 0 && errno == ENOENT)
			r = err_msg(e, ENOTSUP, "hold the cgroup %s: it has no cgroup.kill: services need Linux 5.14 or newer", path);
		m->events_fd = openat(m->cgroup_fd, "cgroup.events", O_RDONLY | O_CLOEXEC);
		if (r >= 0 && (m->kill_fd < 0 || m->events_fd < 0))
			r = err_set(e, errno, "hold the cgroup %s", path);
	}
	if (r >= 0 && m->common->policy->oom_member &&
	    io_write_at(m->cgroup_fd, "memory.oom.group", "1", 1, e) < 0)
		r = err_in(e, "--oom=member");
	cgroup_close(&cg);
	return r;
}

/* For the takeover's sake; without it only a bit slower. */
static void hold_mounts(struct member *m)
{
	int fd = ns_open_of(m->pid, m->pidfd, "mnt");

	m->mount_ns_fd = fd < 0 ? FD_NONE : fd;
}

/* From its state folder to descriptors. -ESRCH: its init has ended and was collected. */
static int member_build_hold(struct member *m, struct err *e)
{
	const struct member_common *common = m->common;
	struct container c;
	int r = container_open(common->runtime, m->name, &c, e);

	if (r < 0)
		return r;
	m->pid = (pid_t)c.state->pid;
	m->pidfd = fd_take(&c.pidfd);
	r = m->index == 0 ? 0 : annotation_private(&c.state->annotations, &m->private_namespaces, e);
	if (r >= 0 && c.state->cgroup)
		r = hold_cgroup(m, c.state->cgroup, e);
	if (r >= 0 && m->pidfd < 0)
		r = err_msg(e, ESRCH, "init of %s has ended", m->name);
	if (r >= 0 && c.state->has_mount_ns)
		hold_mounts(m);
	if (r >= 0)
		r = member_watch_exit(m, e);
	if (r >= 0) {
		m->gate_fd = gate_connect(c.dir_fd, e);
		/* Past its gate, or gone: its pidfd tells which. */
		r = m->gate_fd < 0 ? 0 : member_watch_gate(m, e);
	}
	container_close(&c);
	return r;
}

static void build_failed(struct member *m, const struct err *why)
{
	member_why(m, why->text);
	member_tell(m, EVENT_BUILD_FAILED, CAUSE_BUILD, 0);
}

/* BUILT itself follows when init says READY at its gate. */
static void on_built(struct worker *w, int result, const struct err *why)
{
	struct member *m = LOOP_OWNER(w, struct member, worker);
	struct err e = *why;

	fd_close(&m->out_fd);
	fd_close(&m->err_fd);
	if (result >= 0)
		result = member_build_hold(m, &e);
	m->owner->idle(m);
	if (result >= 0 && m->gate_fd < 0)
		result = err_msg(&e, EPIPE, "init of %s exited before it was started", m->name);
	if (result >= 0)
		result = m->owner->built(m, &e);
	m->hooks_ran |= result >= 0;
	if (result >= 0)
		return;
	member_signal(m, SIGKILL); /* at its gate there is nothing but init */
	member_forget(m);
	build_failed(m, &e);
}

static int open_notify(struct member *m, struct err *e)
{
	const struct member_common *common = m->common;
	char path[sizeof NOTIFY_DIR + MEMBER_NAME_MAX + 1];

	snprintf(path, sizeof path, NOTIFY_DIR "/%s", m->name);
	if (mkdirat(common->container->dir_fd, path, 0755) < 0 && errno != EEXIST)
		return err_set(e, errno, "make %s", path);
	_cleanup_fd_ int dir = openat(common->container->dir_fd, path,
				      O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return err_set(e, errno, "open %s", path);
	return notify_open(&m->notify, common->loop, dir, m->owner->notified, e);
}

/* What the engine has given for output. */
static int use_ends(struct member *m, struct err *e)
{
	const struct service_ends *ends = m->common->ends;

	m->out_fd = fcntl(ends->out_fd, F_DUPFD_CLOEXEC, 3);
	m->err_fd = fcntl(ends->err_fd, F_DUPFD_CLOEXEC, 3);
	return m->out_fd < 0 || m->err_fd < 0 ? err_set(e, errno, "keep the output's descriptors") : 0;
}

static int member_build_open_log(struct member *m, struct err *e)
{
	const struct member_common *common = m->common;
	int r;

	if (common->log->fd < 0 && common->ends->out_fd >= 0)
		return use_ends(m, e);
	if (common->log->fd < 0)
		return 0;
	const struct logpipe_of out = { common->log, m->name, "stdout" }, err = { common->log, m->name, "stderr" };
	r = logpipe_open(&m->out, common->loop, common->container->dir_fd, &out, &m->out_fd, e);
	return r < 0 ? r : logpipe_open(&m->err, common->loop, common->container->dir_fd, &err, &m->err_fd, e);
}

#define KEEP_ALWAYS 9

void member_build(struct member *m)
{
	const struct member_common *common = m->common;
	int none = FD_NONE;
	int *keep[KEEP_ALWAYS + FDSET_MAX + 1] = { &common->runtime->root_fd, &common->shared->held.fd[OCI_NS_NETWORK],
						   &common->shared->held.fd[OCI_NS_IPC], &common->shared->held.fd[OCI_NS_UTS],
						   &common->shared->held.fd[OCI_NS_USER], common->above_pid_ns_fd,
						   &m->out_fd, &m->err_fd,
						   common->policy->n_ports ? &common->container->dir_fd : &none };
	struct err e = ERR_INIT;

	if (worker_is_busy(&m->worker) || m->discard_after || m->owner->must_wait(m)) {
		m->build_after = true;
		return;
	}
	if (member_exists(m)) { /* adopted */
		if (m->gate_fd >= 0)
			member_tell(m, EVENT_BUILT, CAUSE_NONE, 0);
		return;
	}
	/* A member that waits holds the sockets as well: when shim and active member die together, clients
	 * wait for `adopt` and are not refused. */
	for (unsigned i = 0; i < common->fds->n; i++)
		if (!common->fds->v[i].stored)
			keep[KEEP_ALWAYS + i] = &common->fds->v[i].fd;
	int r = open_notify(m, &e);
	if (r >= 0)
		r = member_build_open_log(m, &e);
	if (r >= 0)
		r = worker_start(&m->worker, common->loop, keep, build, m, on_built, &e);
	if (r < 0) {
		fd_close(&m->out_fd);
		fd_close(&m->err_fd);
		member_forget(m);
		build_failed(m, &e);
	}
}

/* Undo may have failed; the next build tries it again. */
static void undone(struct member *m, int result, const struct err *why)
{
	if (result < 0)
		m->owner->warn(m, why);
	m->owner->idle(m);
	if (m->build_after) {
		m->build_after = false;
		member_build(m);
	}
}

static void on_undone(struct worker *w, int result, const struct err *why)
{
	undone(LOOP_OWNER(w, struct member, worker), result, why);
}

void member_discard(struct member *m)
{
	const struct member_common *common = m->common;
	struct err e = ERR_INIT;

	if (m->owner->must_wait(m)) {
		m->discard_after = true;
		return;
	}
	int mounts = fd_take(&m->mount_ns_fd);
	int *const keep[] = { &common->runtime->root_fd, &mounts, NULL };

	member_forget(m);
	int r = worker_start(&m->worker, common->loop, keep, undo, m, on_undone, &e);
	/* The worker has the last one. */
	fd_close(&mounts);
	if (r < 0)
		undone(m, r, &e);
}

void member_resume(struct member *m)
{
	if (m->discard_after) {
		m->discard_after = false;
		member_discard(m);
	} else if (m->build_after && !worker_is_busy(&m->worker)) {
		m->build_after = false;
		member_build(m);
	}
}

int member_undo_unknown(const struct member_common *common, const char *name, struct err *e)
{
	return undo_leftover(common, name, e);
}

int member_undo_now(struct member *m, struct err *e)
{
	member_forget(m);
	return undo_leftover(m->common, m->name, e);
}

int member_adopt(struct member *m, struct err *e)
{
	int r = member_build_hold(m, e);

	if (r == -ESRCH) /* what it left in its cgroup is still to be fenced */
		m->init_gone = true;
	else if (r < 0)
		return r;
	err_clear(e);
	m->hooks_ran = true;
	/* A new socket in the folder that it sees; the same fifos. */
	r = open_notify(m, e);
	if (r >= 0)
		r = member_build_open_log(m, e);
	fd_close(&m->out_fd);
	fd_close(&m->err_fd);
	return r;
}

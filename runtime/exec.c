/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exec: container_exec of container.h: one more process in a running container. The container's init
 * is only named by its pidfd; namespaces are joined all at once through it, by exec_task.c. Nothing is
 * waited for with the container's lock: content can make each step last as long as it likes.
 */
#include "execution.h"

#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "annotation.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/procfd.h"
#include "base/sys.h"
#include "cgroup/cgroup.h"
#include "cgroup/driver.h"
#include "console.h"
#include "container.h"
#include "exec_process.h"
#include "foreground.h"
#include "ns/ns.h"
#include "pidfile.h"
#include "process/process.h"
#include "process/rlimit.h"
#include "process/scheduler.h"
#include "process/successor.h"
#include "rdt/rdt.h"
#include "rootfs/null.h"
#include "seal.h"
#include "seccomp/filter.h"
#include "seccomp/listener.h"
#include "tracer.h"
#include "wire/sync.h"

static void execution_close(struct execution *x)
{
	foreground_close(&x->foreground);
	/* The namespaces' fd is the container's pidfd, borrowed. */
	fd_close(&x->sync_fd);
	fd_close(&x->runtime_end);
	fd_close(&x->console_fd);
	fd_close(&x->console_peer);
	fd_close(&x->procfd);
	fd_close(&x->listener_fd);
	fd_close(&x->child.pidfd);
	fd_close(&x->task.pidfd);
	successor_free(x->program_pid);
}

static void discard(const struct execution *x)
{
	ns_discard(&x->task);
	ns_discard(&x->child);
}

static int check_status(struct execution *x, struct err *e)
{
	enum container_status status;
	int r = container_status(x->c, &status, e);

	if (r < 0)
		return r;
	if (status == STATUS_STOPPED || status == STATUS_CREATING)
		return err_msg(e, EINVAL, "cannot exec in a stopped container: container \"%s\" is not "
			       "running", x->c->state->id);
	if (status == STATUS_PAUSED && !x->o->ignore_paused)
		return err_msg(e, EINVAL, "cannot exec in a paused container (use --ignore-paused to "
			       "override)");
	return 0;
}

static int exec_prepare_process(struct execution *x, struct err *e)
{
	struct arena *a = &x->c->arena;
	const struct oci_seccomp *seccomp = x->config->linux_->seccomp;
	int r = exec_process(a, x->config->process, x->o, &x->process, e);

	if (r < 0)
		return r;
	x->join_user_ns = x->c->state->has_user_ns;
	x->plan = (struct process_plan){
		.process = x->process,
		.linux_ = x->config->linux_,
		.id = x->c->state->id,
		.is_exec = true,
		.has_successor = true,
		.no_new_keyring = x->c->state->no_new_keyring,
		.keep_groups = annotation_keep_groups(&x->config->annotations),
		.clones_program = true,
		.rlimits_set = x->join_user_ns && x->process->rlimits.n,
		.arena = a,
	};
	if (seccomp) {
		r = seccomp_prepare(a, seccomp, x->c->rt->root_fd, &x->filter, e);
		x->plan.seccomp = &x->filter;
	}
	return r < 0 ? r : process_prepare(&x->plan, x->o->preserve_fds, e);
}

static int prepare_channels(struct execution *x, struct err *e)
{
	int pair[2], r = sync_pair(pair, e);

	if (r < 0)
		return r;
	x->runtime_end = pair[0];
	x->sync_fd = pair[1];
	if (x->process->apparmor_profile || x->process->selinux_label ||
	    x->process->oom_score_adj.set)
		r = x->procfd = procfd_open(e);
	if (r < 0 || !x->process->terminal)
		return r;
	return console_channel(x->o->console_socket, x->o->console_fd, x->o->detach, &x->console_fd,
			       &x->console_peer, e);
}

static void prepare_namespaces(struct execution *x)
{
	int flags = 0;

	for (size_t i = 0; i < x->config->linux_->namespaces.n; i++)
		flags |= ns_flag((enum oci_ns)x->config->linux_->namespaces.v[i].type);
	ns_prepare_exec(&x->ns, x->c->pidfd, flags);
}

/* The container's cgroup, or --cgroup below it; NULL when it has none. */
static int target_cgroup(struct execution *x, const char **ret, struct err *e)
{
	const char *base = x->c->state->cgroup, *below = x->o->cgroup;

	*ret = base;
	if (!base || !below)
		return base || !below ? 0
				      : err_msg(e, ENOTSUP, "--cgroup %s: the container has no cgroup "
						"of its own", below);
	if (strstr(below, ".."))
		return err_msg(e, EINVAL, "--cgroup %s: \"..\" is not allowed", below);
	*ret = arena_printf(&x->c->arena, "%s/%s", base, below + strspn(below, "/"));
	return *ret ? 0 : err_set(e, ENOMEM, "--cgroup %s", below);
}

static int clone_in(struct execution *x, const char *path, struct err *e)
{
	struct ns_plan outside = NS_PLAN_INIT;
	struct cgroup cg = CGROUP_INIT;
	int r = path ? cgroup_open(&cg, path, e) : 0;

	outside.as_sibling = x->o->as_sibling;
	if (r >= 0)
		r = ns_clone(&outside, cg.fd, exec_enter, x, &x->task, e);
	cgroup_close(&cg);
	return r;
}

/* Where the container's processes have moved on (systemd inside: the top has controllers and may
 * hold no process) into init's own cgroup. */
static int clone_into(struct execution *x, struct err *e)
{
	struct cgroup_place place;
	const char *path;
	char *of_init;
	int r = target_cgroup(x, &path, e);

	if (r >= 0 && x->process->exec_cpu_affinity)
		r = affinity_apply(x->process->exec_cpu_affinity->initial, e);
	if (r >= 0)
		r = clone_in(x, path, e);
	if ((r == -EBUSY || r == -EOPNOTSUPP) && !x->o->cgroup) {
		err_clear(e);
		r = cgroup_path_of(&x->c->arena, (pid_t)x->c->state->pid, &of_init, e);
		if (r >= 0)
			r = clone_in(x, of_init, e);
	}
	fd_close(&x->sync_fd);
	fd_close(&x->console_fd);
	container_cgroup_driver(x->c, &place);
	return cgroup_advise(r, &place, e);
}

/* Until the task has cloned the program, or said why not. */
static int wait_for_task(struct execution *x, struct err *e)
{
	int r = successor_await(x->task.pidfd, x->o->as_sibling, x->program_pid, e);

	if (r < 0)
		return r;
	x->child.pid = r;
	if (x->child.pid > 0) {
		x->child.pidfd = sys_pidfd_open(x->child.pid, 0);
		/* Ended and collected already, by our parent: the sync socket tells how it went. */
		return x->child.pidfd >= 0 || (errno == ESRCH && x->o->as_sibling)
			       ? 0
			       : err_set(e, errno, "hold process %d", x->child.pid);
	}
	r = sync_recv(x->runtime_end, NULL, e);
	return r < 0 ? r : err_msg(e, ESRCH, "cannot exec in a stopped container: container \"%s\" is not "
				   "running", x->c->state->id);
}

static bool has_listener(const struct execution *x)
{
	return x->plan.seccomp && seccomp_notifies(x->plan.seccomp);
}

static int take_listener(struct execution *x, const struct ns_child *from, struct err *e)
{
	int remote, r = sync_recv(x->runtime_end, &remote, e);

	if (r < 0)
		return r;
	if (r != SYNC_SECCOMP)
		return err_msg(e, EPROTO, "no seccomp listener from the new process");
	r = x->listener_fd = seccomp_take_listener(from->pidfd, remote, x->runtime_end, e);
	return r < 0 ? r : sync_send(x->runtime_end, SYNC_TAKEN, 0, e);
}

static int give_listener(struct execution *x, struct err *e)
{
	int r = x->filters_early ? 0 : take_listener(x, &x->child, e);

	return r < 0 ? r : seccomp_send_listener(x->config->linux_->seccomp, x->c->state, STATUS_RUNNING, x->child.pid,
						 x->listener_fd, e);
}

/* What only we can do for the program, and only when it is there: it waits for that. */
static bool needs_go(const struct execution *x)
{
	return x->plan.rlimits_set || x->process->oom_score_adj.set || x->process->scheduler ||
	       x->config->linux_->intel_rdt || x->o->pid_file || x->o->pidfd_socket ||
	       has_listener(x);
}

static int prepare_program(struct execution *x, struct err *e)
{
	const struct opt_i64 *oom = &x->process->oom_score_adj;
	int r = 0;

	if (x->plan.rlimits_set)
		r = rlimits_apply(x->child.pid, x->process, e);
	if (r >= 0 && oom->set)
		r = oom_score_adj_apply(x->procfd, x->child.pid, (int)oom->v, e);
	if (r >= 0 && x->process->scheduler)
		r = sched_apply(x->child.pid, x->process->scheduler, e);
	if (r >= 0 && x->config->linux_->intel_rdt)
		r = rdt_join(x->config->linux_->intel_rdt, x->c->state->id, x->child.pid, e);
	if (r >= 0 && has_listener(x))
		r = give_listener(x, e);
	if (r >= 0 && x->o->pid_file)
		r = pidfile_write(x->o->pid_file, x->child.pid, e);
	if (r >= 0 && x->o->pidfd_socket)
		r = pidfile_give_pidfd(x->o->pidfd_socket, x->child.pidfd, "setns", e);
	return r < 0 ? r : sync_send(x->runtime_end, SYNC_GO, 0, e);
}

/* Until the program runs: end of file, when execve closes the other end. */
static int exec_release(struct execution *x, struct err *e)
{
	int r = x->needs_go ? prepare_program(x, e) : 0;

	/* When it is gone already, it has told why before. */
	if (r >= 0 || r == -EPIPE)
		r = sync_recv(x->runtime_end, NULL, e);
	return r > 0 ? err_msg(e, EPROTO, "unexpected sync frame %d", r) : r;
}

static int choose_filtering(struct execution *x, struct err *e)
{
	const struct seccomp_call *refused = exec_refused_early(x);

	x->filters_early = !refused;
	return refused ? tracer_check_filter(refused, x->config, x->process, e) : 0;
}

static int exec_prepare(struct execution *x, struct err *e)
{
	int r = check_status(x, e);

	if (r >= 0)
		r = container_config(x->c, &x->config, e);
	if (r >= 0)
		r = exec_prepare_process(x, e);
	if (r >= 0)
		r = tracer_check_exec(x->c, x->config, x->process, e);
	if (r >= 0)
		r = null_reopen(&x->null_fd, e);
	if (r >= 0)
		r = prepare_channels(x, e);
	if (r >= 0)
		r = successor_make(&x->program_pid, e);
	if (r >= 0)
		prepare_namespaces(x);
	x->needs_go = r >= 0 && needs_go(x);
	return r < 0 || !x->plan.seccomp ? r : choose_filtering(x, e);
}

int container_exec(struct container *c, const struct exec_opts *o, int *ret_status, struct err *e)
{
	struct execution x = {
		.c = c,
		.o = o,
		.ns = NS_PLAN_INIT,
		.sync_fd = FD_NONE,
		.runtime_end = FD_NONE,
		.console_fd = FD_NONE,
		.console_peer = FD_NONE,
		.procfd = FD_NONE,
		.null_fd = FD_NONE,
		.listener_fd = FD_NONE,
		.task.pidfd = FD_NONE,
		.child.pidfd = FD_NONE,
		.foreground = FOREGROUND_INIT,
	};
	int r = exec_prepare(&x, e);

	if (r >= 0 && !o->detach)
		r = foreground_open(&x.foreground, e);

	/* Nothing of us is to be read or traced by what is in the namespaces that are joined (CVE-2016-9962). */
	if (r >= 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		r = err_set(e, errno, "make the process undumpable");
	/* From here on content can make us wait: for `resume`, or because it stops the new process. */
	container_unlock(c);
	if (r >= 0)
		r = clone_into(&x, e);
	if (r >= 0 && x.filters_early && has_listener(&x))
		r = take_listener(&x, &x.task, e);
	if (r >= 0)
		r = wait_for_task(&x, e);
	if (r >= 0)
		r = exec_release(&x, e);
	if (r < 0)
		discard(&x);
	else if (o->ret_pid)
		*o->ret_pid = x.child.pid;
	seal_release();
	fd_close(&x.null_fd);
	*ret_status = 0;
	if (r >= 0 && !o->detach)
		r = foreground_wait(&x.foreground, &x.child, &x.console_peer, ret_status, e);
	execution_close(&x);
	return r;
}

/*
 * exec: container_exec of container.h: one more process in a running container. The container's init
 * is only named by its pidfd; namespaces are joined all at once through it.
 */
#include <signal.h>
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
#include "console.h"
#include "container.h"
#include "exec_process.h"
#include "foreground.h"
#include "ns/ns.h"
#include "ns/usermap.h"
#include "pidfile.h"
#include "process/process.h"
#include "process/rlimit.h"
#include "process/scheduler.h"
#include "rdt/rdt.h"
#include "seal.h"
#include "seccomp/filter.h"
#include "seccomp/listener.h"
#include "wire/gate.h"
#include "wire/sync.h"

struct execution {
	struct container *c;
	const struct exec_opts *o;
	struct oci_config *config;
	struct oci_process *process;
	struct ns_plan ns;
	struct seccomp_filter filter;
	struct process_plan plan;
	int sync_fd, runtime_end; /* the child's end, ours */
	int console_fd, console_peer; /* as in create.c */
	int procfd;
	bool join_user_ns;
	struct ns_child child;
	struct foreground foreground;
};

static void execution_close(struct execution *x)
{
	foreground_close(&x->foreground);
	/* The namespaces' fd is the container's pidfd, borrowed. */
	fd_close(&x->sync_fd);
	fd_close(&x->runtime_end);
	fd_close(&x->console_fd);
	fd_close(&x->console_peer);
	fd_close(&x->procfd);
	fd_close(&x->child.pidfd);
}

/* -- the child ------------------------------------------------------------------------------ */

static int enter(struct execution *x, struct err *e)
{
	close(x->runtime_end);
	seal_release();
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return err_set(e, errno, "set the parent death signal");
	int r = ns_finish(&x->ns, x->config, FD_NONE, e);
	if (r >= 0 && x->join_user_ns)
		r = usermap_become_root(e);
	if (r >= 0 && setsid() < 0)
		r = err_set(e, errno, "make a session");
	return r;
}

static int exec_console(struct execution *x, struct err *e)
{
	if (x->console_fd < 0)
		return 0;
	_cleanup_fd_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return err_set(e, errno, "open the container's root");
	return console_setup(root, x->process, x->console_fd, false, e);
}

static int become_program(struct execution *x, struct err *e)
{
	int r = enter(x, e);

	if (r >= 0)
		r = process_apply_attributes(&x->plan, x->procfd, e);
	if (r >= 0)
		r = exec_console(x, e);
	if (r >= 0)
		r = process_let_go(&x->plan, x->procfd, &x->sync_fd, 1, e);
	if (r >= 0)
		r = process_apply(&x->plan, x->sync_fd, e);
	if (!x->o->die_with_caller)
		prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);
	if (r >= 0)
		r = sync_expect(x->sync_fd, SYNC_GO, e);
	if (r >= 0)
		r = sync_send(x->sync_fd, SYNC_EXEC, 0, e);
	if (r >= 0)
		r = process_apply_late(&x->plan, e);
	return r < 0 ? r : process_execve(&x->plan, e);
}

static int exec_main(void *arg)
{
	struct execution *x = arg;
	struct err e = ERR_INIT;

	become_program(x, &e);
	sync_send_error(x->sync_fd, &e);
	return 1;
}

/* -- the runtime ---------------------------------------------------------------------------- */

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

static int prepare_process(struct execution *x, struct err *e)
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
		.no_new_keyring = x->c->state->no_new_keyring,
		.keep_groups = annotation_keep_groups(&x->config->annotations),
		.rlimits_set = x->join_user_ns,
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

static int prepare_namespaces(struct execution *x)
{
	int flags = 0;

	for (size_t i = 0; i < x->config->linux_->namespaces.n; i++)
		flags |= ns_flag((enum oci_ns)x->config->linux_->namespaces.v[i].type);
	ns_prepare_exec(&x->ns, x->c->pidfd, flags);
	x->ns.as_sibling = x->o->as_sibling;
	return 0;
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
	struct cgroup cg = CGROUP_INIT;
	int r = path ? cgroup_open(&cg, path, e) : 0;

	if (r >= 0)
		r = ns_clone(&x->ns, cg.fd, exec_main, x, &x->child, e);
	cgroup_close(&cg);
	return r;
}

/* Where the container's processes have moved on (systemd inside: the top has controllers and may
 * hold no process) into init's own cgroup. */
static int clone_into(struct execution *x, struct err *e)
{
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
	return r;
}

static int take_listener(struct execution *x, struct err *e)
{
	int remote, r = sync_recv(x->runtime_end, &remote, e);

	if (r < 0)
		return r;
	if (r != SYNC_SECCOMP)
		return err_msg(e, EPROTO, "no seccomp listener from the new process");
	_cleanup_fd_ int fd = seccomp_take_listener(x->child.pidfd, remote, x->runtime_end, e);
	r = fd < 0 ? fd : seccomp_send_listener(x->config->linux_->seccomp, x->c->state,
						STATUS_RUNNING, x->child.pid, fd, e);
	return r < 0 ? r : sync_send(x->runtime_end, SYNC_TAKEN, 0, e);
}

static int release(struct execution *x, struct err *e)
{
	const struct opt_i64 *oom = &x->process->oom_score_adj;
	int r = 0;

	if (x->plan.rlimits_set)
		r = rlimits_apply(x->child.pid, x->process, e);
	if (r >= 0 && oom->set)
		r = oom_score_adj_apply(x->procfd, x->child.pid, (int)oom->v, e);
	if (r >= 0 && x->config->linux_->intel_rdt)
		r = rdt_join(x->config->linux_->intel_rdt, x->c->state->id, x->child.pid, e);
	if (r >= 0 && x->plan.seccomp && seccomp_notifies(x->plan.seccomp))
		r = take_listener(x, e);
	if (r >= 0 && x->o->pid_file)
		r = pidfile_write(x->o->pid_file, x->child.pid, e);
	if (r >= 0 && x->o->pidfd_socket)
		r = pidfile_give_pidfd(x->o->pidfd_socket, x->child.pidfd, "setns", e);
	return r < 0 ? r : gate_release(x->runtime_end, false, e);
}

static int prepare(struct execution *x, struct err *e)
{
	int r = check_status(x, e);

	if (r >= 0)
		r = container_config(x->c, &x->config, e);
	if (r >= 0)
		r = prepare_process(x, e);
	if (r >= 0)
		r = prepare_channels(x, e);
	return r < 0 ? r : prepare_namespaces(x);
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
		.child.pidfd = FD_NONE,
		.foreground = FOREGROUND_INIT,
	};
	int r = prepare(&x, e);

	if (r >= 0 && !o->detach)
		r = foreground_open(&x.foreground, e);

	/* Nothing of us is to be read or traced from inside the PID namespace (CVE-2016-9962). */
	if (r >= 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		r = err_set(e, errno, "make the process undumpable");
	if (r >= 0)
		r = clone_into(&x, e);
	/* In a frozen cgroup the new process waits for `resume`, which needs the lock. */
	if (r >= 0 && o->ignore_paused)
		container_unlock(c);
	if (r >= 0)
		r = release(&x, e);
	if (r < 0)
		ns_discard(&x.child);
	else if (o->ret_pid)
		*o->ret_pid = x.child.pid;
	container_unlock(c);
	seal_release();
	*ret_status = 0;
	if (r >= 0 && !o->detach)
		r = foreground_wait(&x.foreground, &x.child, &x.console_peer, ret_status, e);
	execution_close(&x);
	return r;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* init: see init.h. The order of the steps is the order of runtime.md "Lifecycle". */
#include "init.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/procfd.h"
#include "base/sys.h"
#include "console.h"
#include "handover.h"
#include "hooks.h"
#include "late.h"
#include "nest.h"
#include "ns/hostname.h"
#include "ns/net.h"
#include "ns/sysctl.h"
#include "ns/usermap.h"
#include "rootfs/rootfs.h"
#include "seal.h"
#include "seccomp/port_filter.h"
#include "state.h"
#include "wire/sync.h"

/* Dies with the runtime until the container is created; what other processes of a shared PID
 * namespace could read or trace in us is off limits (CVE-2016-9962). */
static int step_guard(struct init_plan *p, struct err *e)
{
	close(p->runtime_end);
	/* Otherwise a runtime that is killed would leave the lock with us, for as long as we wait at the gate. */
	close(p->folder_fd);
	seal_release();
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return err_set(e, errno, "set the parent death signal");
	if (ns_offsets_open(p->ns, p->config, p->procfd, e) < 0)
		return -e->code;
	if (ns_enter_by_itself(p->ns, e) < 0)
		return -e->code;
	/* newuidmap checks that /proc/PID is its caller's, so unprivileged users wait with this. */
	if (!(ns_is_new(p->ns, CLONE_NEWUSER) && geteuid() != 0))
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	return 0;
}

static int step_user_ns(struct init_plan *p, struct err *e)
{
	int r;

	if (!oci_namespace(p->config, OCI_NS_USER))
		return 0;
	if (ns_is_new(p->ns, CLONE_NEWUSER)) {
		r = sync_send(p->sync_fd, SYNC_UP, 0, e);
		if (r >= 0)
			r = sync_expect(p->sync_fd, SYNC_MAPS, e);
		if (r < 0)
			return r;
	}
	r = usermap_become_root(e);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	return r;
}

static int step_session(struct init_plan *p, struct err *e)
{
	(void)p;
	/* EPERM: joined a PID namespace as a group leader already. */
	if (setsid() < 0 && errno != EPERM)
		return err_set(e, errno, "make a session");
	return 0;
}

static const char *const given_namespaces[] = { "net", "ipc", "uts", "user", "mnt" };

#define GIVEN (sizeof given_namespaces / sizeof *given_namespaces)

static int open_namespaces(struct init_plan *p, struct err *e)
{
	_cleanup_fd_ int dir = procfd_openat(p->procfd, "self/ns", O_PATH | O_DIRECTORY, e);

	if (dir < 0)
		return dir;
	for (size_t i = 0; i < GIVEN; i++) {
		p->ns_fds[i] = openat(dir, given_namespaces[i], O_RDONLY | O_CLOEXEC);
		if (p->ns_fds[i] < 0)
			return err_set(e, errno, "open the %s namespace", given_namespaces[i]);
	}
	return 0;
}

static int step_namespaces(struct init_plan *p, struct err *e)
{
	int r = ns_finish(p->ns, p->config, p->procfd, e);

	if (r >= 0 && ns_is_new(p->ns, CLONE_NEWNET))
		r = net_loopback_up(e);
	if (r >= 0)
		r = hostname_apply(p->config, e);
	return r < 0 || !p->give_namespaces ? r : open_namespaces(p, e);
}

static int step_attributes(struct init_plan *p, struct err *e)
{
	return process_apply_attributes(&p->process, p->procfd, e);
}

/* A working directory that is not there is made, as runc does; where that cannot be, chdir says so. */
static int step_mounts(struct init_plan *p, struct err *e)
{
	const char *cwd = p->process.process->cwd;
	int r = p->ns->nests ? nest_begin(p, e) : late_open_procs(p, e);

	if (p->is_successor)
		return r;
	if (r >= 0)
		r = rootfs_mount(p->rootfs, e);
	if (r < 0 || !strcmp(cwd, "/"))
		return r;
	int fd = path_try_open_in(rootfs_fd(p->rootfs), cwd, O_PATH | O_DIRECTORY);
	if (fd == -ENOENT) {
		struct err ignored;
		fd = path_mkdirs_in(rootfs_fd(p->rootfs), cwd, 0755, &ignored);
	}
	if (fd >= 0)
		close(fd);
	return 0;
}

static int step_console(struct init_plan *p, struct err *e)
{
	if (p->console_fd < 0)
		return 0;
	int r = console_setup(rootfs_fd(p->rootfs), p->process.process, p->console_fd, p->console_is_plain, true, e);
	return r < 0 || ns_enters_last(p->ns) ? r : console_control(e);
}

static int step_sysctl(struct init_plan *p, struct err *e)
{
	return p->config->linux_->sysctl.n ? sysctl_apply(p->procfd, &p->config->linux_->sysctl, e)
					   : 0;
}

static int step_runtime_hooks(struct init_plan *p, struct err *e)
{
	if (!p->tell_mounted)
		return 0;
	int r = sync_send(p->sync_fd, SYNC_MOUNTED, 0, e);
	return r < 0 ? r : sync_expect(p->sync_fd, SYNC_HOOKED, e);
}

/* In these hooks' state the pid is the one that the container sees. Their environment is the process's
 * unless they name one, as with runc. */
static int run_hooks(struct init_plan *p, const oci_hook_list *hooks, const char *name,
		     enum container_status status, int (*confine)(void *arg, struct err *e), struct err *e)
{
	const struct hooks_how how = { p->process.env, confine, &p->process };
	_cleanup_buf_ struct buf json = BUF_INIT;

	if (!hooks->n)
		return 0;
	int r = state_encode_oci(p->state, status, getpid(), &json, e);
	return r < 0 ? r : hooks_run_as(hooks, json.data, json.len, name, &how, e);
}

static int step_container_hooks(struct init_plan *p, struct err *e)
{
	if (!p->config->hooks || p->hooks_aside)
		return 0;
	return run_hooks(p, &p->config->hooks->create_container, "createContainer", STATUS_CREATING, NULL, e);
}

static int step_enter(struct init_plan *p, struct err *e)
{
	return rootfs_enter(p->rootfs, e);
}

/* What is cloned from here on is seen there. */
static int step_last_namespace(struct init_plan *p, struct err *e)
{
	if (!ns_enters_last(p->ns))
		return 0;
	return p->ns->nests ? nest_finish(p, e) : ns_join_last(p->ns, e);
}

/* Before privileges go: without no_new_privs a filter takes CAP_SYS_ADMIN. */
static int step_ports(struct init_plan *p, struct err *e)
{
	return p->tell_ports ? port_filter_hand_over(p->sync_fd, e) : 0;
}

/* The first step in the container's own root: from here on names are the image's. */
static int step_let_go(struct init_plan *p, struct err *e)
{
	int ours[2 + GIVEN] = { p->sync_fd, p->gate_fd };

	for (size_t i = 0; i < GIVEN; i++)
		ours[2 + i] = p->give_namespaces ? p->ns_fds[i] : FD_NONE;
	return process_let_go(&p->process, p->procfd, ours, sizeof ours / sizeof *ours, e);
}

static int step_process(struct init_plan *p, struct err *e)
{
	int r = process_apply(&p->process, e);

	return r < 0 || late_moves(p) ? r : process_listen(&p->process, p->sync_fd, e);
}

/* Blocks until `start` connects; from then on the connection is the sync socket. */
static int wait_at_gate(struct init_plan *p, struct err *e)
{
	int fd;

	do
		fd = accept4(p->gate_fd, NULL, NULL, SOCK_CLOEXEC);
	while (fd < 0 && (errno == EINTR || errno == ECONNABORTED));
	if (fd < 0)
		return err_set(e, errno, "wait to be started");
	fd_close(&p->sync_fd);
	p->sync_fd = fd;
	return p->give_namespaces ? sync_send_fds(fd, SYNC_READY, p->ns_fds, GIVEN, e) : sync_send(fd, SYNC_READY, 0, e);
}

/* A process that connects to the gate may leave again without a word (killed, or a supervisor that is restarted). */
static int wait_for_go(struct init_plan *p, struct handover *ret, struct err *e)
{
	int r;

	do {
		r = p->gate_fd < 0 ? 0 : wait_at_gate(p, e);
		if (r == -EPIPE) /* left already */
			r = 0;
		else if (r >= 0)
			r = handover_receive(p->sync_fd, p->process.arena, ret, e);
	} while (r == 0 && p->gate_fd >= 0);
	fd_close(&p->gate_fd);
	return r ? r : err_msg(e, EPIPE, "the runtime has ended");
}

static void end_at_gate(int sig)
{
	_exit(128 + sig);
}

/* As the first process of a PID namespace we get only signals that we handle: without this a container that
 * is created could not be asked to end. execve undoes it. */
static void be_stoppable(void)
{
	static const int signals[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };

	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
		signal(signals[i], end_at_gate);
}

static int step_gate(struct init_plan *p, struct err *e)
{
	struct handover handover;
	int r = 0;

	if (p->gate_fd >= 0)
		be_stoppable();
	/* From here on we only wait for the runtime, and its death is an EOF. */
	prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);
	if (p->tell_ready) {
		r = sync_send(p->sync_fd, SYNC_READY, 0, e);
		/* The runtime has recorded us: from here on we outlive it. */
		if (r >= 0)
			r = sync_expect(p->sync_fd, SYNC_TAKEN, e);
	}
	if (r >= 0)
		r = wait_for_go(p, &handover, e);
	return r < 0 ? r : handover_apply(&handover, &p->process, &p->sync_fd, e);
}

static int confine_hook(void *arg, struct err *e)
{
	return process_apply_late(arg, e);
}

/* Programs of the image: user, capabilities, no_new_privs and label are on already, as for the process. */
static int step_start_hooks(struct init_plan *p, struct err *e)
{
	return p->config->hooks ? run_hooks(p, &p->config->hooks->start_container, "startContainer",
					    STATUS_CREATED, confine_hook, e)
				: 0;
}

static int step_exec(struct init_plan *p, struct err *e)
{
	int r = sync_send(p->sync_fd, SYNC_EXEC, 0, e);

	if (r >= 0)
		r = process_apply_late(&p->process, e);
	return r < 0 ? r : process_execve(&p->process, e);
}

static const struct step {
	int (*run)(struct init_plan *p, struct err *e);
	bool before; /* done by the task alone, when init is made by it */
} steps[] = {
	{ step_guard, true },	  { step_user_ns, true },     { step_session, true },
	{ step_namespaces, true }, { step_attributes, true },  { step_mounts, true },
	{ step_console, true },	  { step_sysctl, true },      { step_runtime_hooks, true },
	{ step_container_hooks, true }, { step_enter, true },	{ step_last_namespace, true },
	{ step_let_go },	  { step_ports },	      { step_process },
	{ late_move },		  { step_gate },	      { step_start_hooks },
	{ step_exec },
};

int init_main(void *arg)
{
	struct init_plan *p = arg;
	struct err e = ERR_INIT;

	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
		if (!(p->is_successor && steps[i].before) && steps[i].run(p, &e) < 0) {
			sync_send_error(p->sync_fd, &e);
			return 1;
		}
	return 1; /* the last step executes the program or fails */
}

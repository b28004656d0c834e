/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exec_task: see execution.h. A process with CAP_SYS_PTRACE in the container may do with each one of its PID
 * namespace what it likes, from the moment that it is there (CVE-2016-9962). So the task that prepares the
 * program stays outside of that namespace, though in all others: it gives up its descriptors, the caller's
 * environment, its user, its capabilities and what seccomp forbids, and only then clones the program into
 * it, which has nothing more to gain from than the program itself.
 */
#include "execution.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/sys.h"
#include "console.h"
#include "ns/usermap.h"
#include "process/rlimit.h"
#include "process/successor.h"
#include "seal.h"
#include "seccomp/allows.h"
#include "wire/sync.h"

/* -- the program, in the container's PID namespace ------------------------------------------- */

static int become_program(struct execution *x, struct err *e)
{
	int r = setsid() < 0 ? err_set(e, errno, "make a session") : 0;

	if (r >= 0 && x->process->terminal)
		r = console_control(e);
	if (r >= 0 && x->o->die_with_caller && prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		r = err_set(e, errno, "set the parent death signal");
	if (r >= 0 && !x->plan.rlimits_set)
		r = rlimits_apply_processes(x->process, e);
	if (r >= 0 && !x->filters_early)
		r = process_listen(&x->plan, x->sync_fd, e);
	if (r >= 0 && x->needs_go)
		r = sync_expect(x->sync_fd, SYNC_GO, e);
	if (r >= 0 && !x->filters_early)
		r = process_apply_late(&x->plan, e);
	return r < 0 ? r : process_execve(&x->plan, e);
}

/* What it calls, and how the task makes it. */
static const struct seccomp_call calls[] = {
	{ SYS_clone, { CLONE_PARENT | CLONE_PARENT_SETTID } },
	{ SYS_exit_group, { 0 } },
	{ SYS_setsid, { 0 } },
	{ SYS_ioctl, { STDIN_FILENO, TIOCSCTTY } },
	{ SYS_prctl, { PR_SET_PDEATHSIG, SIGKILL } },
	{ SYS_recvfrom, { 0 } },
};

/* And with a listener, which has no agent yet. */
static const struct seccomp_call calls_of_listener[] = { { SYS_capset, { 0 } }, { SYS_close, { 0 } } };

/* And when its processes are counted. */
static const struct seccomp_call calls_of_limit[] = { { SYS_prlimit64, { 0, RLIMIT_NPROC } } };

const struct seccomp_call *exec_refused_early(const struct execution *x)
{
	const struct seccomp_filter *f = x->plan.seccomp;
	const struct seccomp_call *call = SECCOMP_REFUSED(f, calls);

	if (!call && rlimits_count_processes(x->process))
		call = SECCOMP_REFUSED(f, calls_of_limit);
	if (!call && seccomp_notifies(f))
		call = SECCOMP_REFUSED(f, calls_of_listener);
	return call;
}

/* -- the task -------------------------------------------------------------------------------- */

static bool same_folder(const struct sys_statx *a, const struct sys_statx *b)
{
	return a->ino == b->ino && a->dev_major == b->dev_major &&
	       a->dev_minor == b->dev_minor;
}

/*
 * To join a mount namespace leads to that namespace's root, and without one we still have the host's. Neither is the
 * container's where hart runs in a chroot itself: the root of the namespace is then a copy of the host's. What init
 * has for its root is right, if it is a mount; a folder below may be what init has confined itself to.
 */
static int enter_root(const struct execution *x, int init_root, struct err *e)
{
	struct sys_statx ours, init;

	if (sys_statx(AT_FDCWD, "/", 0, SYS_STATX_INO, &ours) < 0 ||
	    sys_statx(init_root, "", AT_EMPTY_PATH, SYS_STATX_INO, &init) < 0)
		return err_set(e, errno, "look at the container's root");
	if (same_folder(&ours, &init) ||
	    (x->c->state->has_mount_ns && !(init.attributes & SYS_STATX_IS_MOUNT_ROOT)))
		return 0;
	if (fchdir(init_root) < 0 || chroot(".") < 0)
		return err_set(e, errno, "enter the container's root");
	return 0;
}

/* Of the very process whose namespaces are joined: its pidfd is good for that only while it lives. */
static int open_init_root(const struct execution *x, struct err *e)
{
	char path[40];

	snprintf(path, sizeof path, "/proc/%d/root", (int)x->c->state->pid);
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_set(e, errno, "open the container's root") : fd;
}

static int enter(struct execution *x, struct err *e)
{
	close(x->runtime_end);
	fd_close(&x->null_fd);
	seal_release();
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return err_set(e, errno, "set the parent death signal");
	_cleanup_fd_ int root = open_init_root(x, e);
	int r = root < 0 ? root : ns_join(&x->ns, e);
	if (r >= 0)
		r = enter_root(x, root, e);
	if (r >= 0)
		r = ns_finish(&x->ns, x->config, FD_NONE, e);
	return r >= 0 && x->join_user_ns ? usermap_become_root(e) : r;
}

static int exec_console(struct execution *x, struct err *e)
{
	if (x->console_fd < 0)
		return 0;
	_cleanup_fd_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return err_set(e, errno, "open the container's root");
	return console_setup(root, x->process, x->console_fd, console_is_plain(x->console_peer), false, e);
}

/*
 * A filter that does not let the program be made is left to the program: it is then without one for as long
 * as it takes to be executed.
 */
static int filter(struct execution *x, struct err *e)
{
	if (!x->filters_early)
		return 0;
	int r = process_listen(&x->plan, x->sync_fd, e);
	return r < 0 ? r : process_apply_late(&x->plan, e);
}

static int prepare(struct execution *x, struct err *e)
{
	int r = enter(x, e);

	if (r >= 0)
		r = process_apply_attributes(&x->plan, x->procfd, e);
	if (r >= 0)
		r = exec_console(x, e);
	if (r >= 0)
		r = process_let_go(&x->plan, x->procfd, &x->sync_fd, 1, e);
	if (r >= 0)
		r = process_apply(&x->plan, e);
	if (r >= 0)
		r = successor_hide(x->program_pid, e);
	return r < 0 ? r : filter(x, e);
}

int exec_enter(void *arg)
{
	struct execution *x = arg;
	struct err e = ERR_INIT;
	int r = prepare(x, &e);

	if (r >= 0)
		r = successor_clone(x->program_pid, &e);
	if (r == 0)
		r = become_program(x, &e);
	if (r < 0)
		sync_send_error(x->sync_fd, &e);
	return r < 0;
}

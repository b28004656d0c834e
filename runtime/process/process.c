/* SPDX-License-Identifier: Apache-2.0 */
/* process: see process.h. Runs in the task that becomes the program: nothing here may log or exit. */
#include "process/process.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/io.h"
#include "base/signals.h"
#include "base/sys.h"
#include "base/words.h"
#include "process/caps.h"
#include "process/env.h"
#include "process/keyring.h"
#include "process/lsm.h"
#include "process/mempolicy.h"
#include "process/passwd.h"
#include "process/program.h"
#include "process/program_fault.h"
#include "process/rlimit.h"
#include "process/scheduler.h"
#include "process/stdio_give.h"
#include "process/user.h"
#include "seccomp/filter.h"

/* The place of a variable in the environment, or NULL. */
static char **env_find(const struct process_plan *p, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < p->n_env; i++)
		if (!strncmp(p->env[i], name, n) && p->env[i][n] == '=')
			return &p->env[i];
	return NULL;
}

/* Socket activation by our own caller (sd_listen_fds(3)): handed on when it is meant for us. */
static unsigned count_listen_fds(void)
{
	const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");
	unsigned n;

	if (!count || !io_parse_u32(count, &n))
		return 0;
	if (pid && strtol(pid, NULL, 10) != getpid())
		return 0;
	return n;
}

static int add_env(struct process_plan *p, char *entry, struct err *e)
{
	if (!entry)
		return err_set(e, ENOMEM, "build the environment");
	p->env[p->n_env++] = entry;
	return 0;
}

static int add_listen_env(struct process_plan *p, struct err *e)
{
	const char *names = getenv("LISTEN_FDNAMES");
	int r = add_env(p, arena_printf(p->arena, "LISTEN_FDS=%u", p->listen_fds), e);

	if (r >= 0)
		r = add_env(p, arena_strdup(p->arena, "LISTEN_PID=1"), e);
	if (r >= 0 && names)
		r = add_env(p, arena_printf(p->arena, "LISTEN_FDNAMES=%s", names), e);
	return r;
}

/* What hart has opened itself execve closes; nothing that hart was started with can be so. */
static int check_is_callers(unsigned fd, struct err *e)
{
	int flags = fcntl((int)fd, F_GETFD);

	if (flags < 0)
		return err_set(e, errno, "preserve descriptor %u", fd);
	return flags & FD_CLOEXEC ? err_msg(e, EBADF, "preserve descriptor %u: the caller has not opened it", fd) : 0;
}

#define ROOM_FOR_OURS 4 /* LISTEN_FDS, LISTEN_PID, LISTEN_FDNAMES, HOME */

int process_prepare(struct process_plan *p, unsigned preserve_fds, struct err *e)
{
	int r = lsm_check(p->process->apparmor_profile, p->process->selinux_label, e);

	if (r < 0)
		return r;
	p->listen_fds = count_listen_fds();
	if (__builtin_add_overflow(p->listen_fds, preserve_fds, &p->keep_fds) || p->keep_fds > 65536)
		return err_msg(e, EINVAL, "too many descriptors to preserve");
	for (unsigned i = 0; i < p->keep_fds; i++)
		if (check_is_callers(LISTEN_FDS_START + i, e) < 0)
			return -e->code;
	p->env = env_unique(p->arena, &p->process->env, ROOM_FOR_OURS, &p->n_env);
	p->argv = arena_calloc(p->arena, p->process->args.n + 1, sizeof *p->argv);
	if (!p->env || !p->argv)
		return err_set(e, ENOMEM, "build the environment");
	memcpy(p->argv, p->process->args.v, p->process->args.n * sizeof *p->argv);
	return p->listen_fds ? add_listen_env(p, e) : 0;
}

int process_apply_attributes(struct process_plan *p, int procfd, struct err *e)
{
	const struct oci_process *process = p->process;
	int r = 0;

	if (!p->no_new_keyring)
		r = keyring_join(p->id, process->selinux_label, procfd, e);
	if (r >= 0 && process->scheduler && !p->has_successor)
		r = sched_apply(0, process->scheduler, e);
	if (r >= 0 && process->io_priority)
		r = io_priority_apply(process->io_priority, e);
	if (r >= 0 && p->is_exec && process->exec_cpu_affinity)
		r = affinity_apply(process->exec_cpu_affinity->final, e);
	if (r >= 0 && p->linux_->memory_policy)
		r = mempolicy_apply(p->linux_->memory_policy, e);
	if (r >= 0 && p->linux_->personality)
		r = personality_apply(p->linux_->personality, e);
	return r;
}

/* An empty HOME counts as none, as in runc: engines pass on what their own caller had. */
static int add_home(struct process_plan *p, struct err *e)
{
	char **given = env_find(p, "HOME");

	if (given && (*given)[sizeof "HOME=" - 1])
		return 0;
	char *home = passwd_get(p->arena, p->process->user.uid, PASSWD_HOME, "/");
	char *entry = home ? arena_printf(p->arena, "HOME=%s", home) : NULL;
	if (!given || !entry)
		return add_env(p, entry, e);
	*given = entry;
	return 0;
}

/*
 * The working directory, then the check that it is one of the container's: the raw syscall says
 * "(unreachable)" for a folder outside the root (CVE-2024-21626).
 */
static int check_cwd(const char *cwd, struct err *e)
{
	char path[4096];
	long n = syscall(SYS_getcwd, path, sizeof path);

	if (n < 0)
		return err_set(e, errno, "check the working directory \"%s\"", cwd);
	if (path[0] != '/')
		return err_msg(e, EPERM, "the working directory \"%s\" is outside of the container's "
			       "root", cwd);
	return 0;
}

/* The user may not be let in where root is, and the other way round (NFS, FUSE): either will do. */
static int enter_cwd(const struct process_plan *p, bool as_user, bool *done, struct err *e)
{
	const char *cwd = p->process->cwd;

	if (*done)
		return 0;
	if (chdir(cwd) < 0) {
		if (!as_user && (errno == EACCES || errno == EPERM))
			return 0;
		return err_set(e, errno, "change to the working directory \"%s\"", cwd);
	}
	*done = true;
	return check_cwd(cwd, e);
}

static int become_user(struct process_plan *p, struct err *e)
{
	const struct oci_process *process = p->process;
	int r = caps_drop_bounding(process->capabilities, e);

	if (process->user.uid && !process->terminal)
		stdio_give(process->user.uid);
	if (r >= 0)
		r = user_apply(&process->user, p->keep_groups, e);
	if (r >= 0)
		r = caps_apply(process->capabilities, p->seccomp && !process->no_new_privileges, e);
	return r;
}

/* Without no_new_privs that takes CAP_SYS_ADMIN, which become_user() has kept. */
static int install_filter(struct process_plan *p, int sync_fd, struct err *e)
{
	bool needs_admin = !p->process->no_new_privileges;
	int listener, r = needs_admin ? caps_raise_admin(p->process->capabilities, e) : 0;

	if (r >= 0)
		r = seccomp_notifies(p->seccomp) ? seccomp_hand_over(p->seccomp, sync_fd, e)
						 : seccomp_install(p->seccomp, &listener, e);
	return r < 0 || !needs_admin ? r : caps_drop_admin(p->process->capabilities, e);
}

/* What our caller has in its environment, and called us with, must not be read from /proc/PID in there. */
void process_forget_caller(void)
{
	words_forget();
	for (char **v = environ; v && *v; v++)
		explicit_bzero(*v, strlen(*v));
}

/*
 * O_CLOEXEC is too late: the names of the working directory and of the program, its #! line and its ELF
 * interpreter are the image's, the kernel looks them up while those descriptors are still open, and
 * /proc/self/fd/N/../.. of a folder, a file or a mount leads to the host (CVE-2024-21626). The same is
 * read off /proc/PID/fd, or taken by pidfd_getfd(2), by a process that may trace us. So they are closed for real.
 *
 * `ours` are the sync socket and the gate. No path leads through a socket: it is no folder, and open(2)
 * of it fails. A process that takes one from us can say what we could say, which the runtime takes for the word of
 * an enemy as it is (sync.h).
 */
int process_let_go(const struct process_plan *p, int procfd, const int *ours, size_t n_ours,
		   struct err *e)
{
	const struct oci_process *process = p->process;
	/* A process that has been inside for a while was given its label before, without a procfs of the host's. */
	int r = p->is_labelled ? 0 : lsm_apply_exec(procfd, process->apparmor_profile, process->selinux_label, e);

	process_forget_caller();
	return r < 0 ? r : fd_close_from(LISTEN_FDS_START + p->keep_fds, ours, n_ours, e);
}

int process_apply(struct process_plan *p, struct err *e)
{
	const struct oci_process *process = p->process;
	bool in_cwd = false;
	int r = add_home(p, e);

	signals_reset(NULL);
	if (r >= 0)
		r = enter_cwd(p, false, &in_cwd, e);
	if (r >= 0 && !p->rlimits_set)
		r = p->clones_program ? rlimits_apply_own(process, e) : rlimits_apply(0, process, e);
	if (r >= 0 && process->no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		r = err_set(e, errno, "set no_new_privs");
	if (r >= 0)
		r = become_user(p, e);
	if (r >= 0)
		r = enter_cwd(p, true, &in_cwd, e);
	return r < 0 ? r : program_find(p->arena, process->args.v[0], p->env, &p->program, e);
}

int process_listen(struct process_plan *p, int sync_fd, struct err *e)
{
	return p->seccomp && seccomp_notifies(p->seccomp) ? install_filter(p, sync_fd, e) : 0;
}

int process_apply_late(struct process_plan *p, struct err *e)
{
	if (!p->seccomp || p->is_filtered || seccomp_notifies(p->seccomp))
		return 0;
	return install_filter(p, FD_NONE, e);
}

/* With a filter that kills by default the look would be the end, and its reason not told. */
static bool may_look(const struct process_plan *p)
{
	const struct oci_seccomp *s = p->seccomp && p->linux_ ? p->linux_->seccomp : NULL;

	return !p->seccomp || (s && s->default_action > OCI_ACT_TRAP);
}

int process_execve(const struct process_plan *p, struct err *e)
{
	char buf[PROGRAM_FAULT_MAX];

	execve(p->program, p->argv, p->env);
	int errnum = errno;
	const char *why = may_look(p) ? program_fault(p->program, errnum, buf, sizeof buf) : NULL;
	return why ? err_msg(e, errnum, "exec %s: %s: %s", p->program, strerror(errnum), why)
		   : err_set(e, errnum, "exec %s", p->program);
}

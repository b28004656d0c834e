/*
 * hooks: see hooks.h. The state goes through a memfd as stdin: a hook that does not read can neither
 * block us nor raise SIGPIPE. The child is watched by its pidfd.
 */
#include "hooks.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/io.h"
#include "base/sys.h"

static int state_fd(const char *json, size_t len, struct err *e)
{
	_cleanup_fd_ int fd = memfd_create("state", MFD_CLOEXEC);

	if (fd < 0)
		return err_set(e, errno, "make the state for hooks");
	int r = io_write_all(fd, json, len, "the state for hooks", e);
	return r < 0 ? r : fd_take(&fd);
}

/* In the child. Signals as a program expects them, no descriptor of ours; 127 as a shell says it. */
static void become_hook(const oci_hook_list *hooks, size_t i, int in_fd)
{
	const struct oci_hook *h = &hooks->v[i];
	/* Copies, to end them with NULL; the child has its memory to itself. */
	char **argv = calloc(h->args.n + 2, sizeof *argv), **env = calloc(h->env.n + 1, sizeof *env);
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	if (!argv || !env)
		_exit(126);
	argv[0] = h->path;
	if (h->args.n)
		memcpy(argv, h->args.v, h->args.n * sizeof *argv);
	if (h->env.n)
		memcpy(env, h->env.v, h->env.n * sizeof *env);
	if (lseek(in_fd, 0, SEEK_SET) < 0 || dup2(in_fd, STDIN_FILENO) < 0 ||
	    sys_close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
		_exit(126);
	execve(h->path, argv, env);
	_exit(errno == ENOENT ? 127 : 126);
}

static int how_it_ended(const struct oci_hook *h, const siginfo_t *info, struct err *e)
{
	if (info->si_code != CLD_EXITED)
		return err_msg(e, EIO, "%s: killed by signal %d", h->path, info->si_status);
	if (info->si_status == 127)
		return err_msg(e, ENOENT, "%s: exit status 127 (no such file or directory?)", h->path);
	if (info->si_status)
		return err_msg(e, EIO, "%s: exit status %d", h->path, info->si_status);
	return 0;
}

static int wait_for(const struct oci_hook *h, int pidfd, struct err *e)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	int timeout_ms = h->timeout_s.set ? (int)(h->timeout_s.v > 86400 ? 86400000
									  : h->timeout_s.v * 1000)
					  : -1;
	siginfo_t info = { 0 };
	int n;

	do
		n = poll(&p, 1, timeout_ms);
	while (n < 0 && errno == EINTR);
	if (n == 0)
		sys_pidfd_send_signal(pidfd, SIGKILL);
	if (waitid((idtype_t)P_PIDFD, (id_t)pidfd, &info, WEXITED) < 0)
		return err_set(e, errno, "wait for %s", h->path);
	if (n == 0)
		return err_msg(e, ETIMEDOUT, "%s: timed out after %lld s", h->path,
			       (long long)h->timeout_s.v);
	return how_it_ended(h, &info, e);
}

static int run_one(const oci_hook_list *hooks, size_t i, int in_fd, struct err *e)
{
	_cleanup_fd_ int pidfd = FD_NONE;
	struct clone_args args = {
		.flags = CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)&pidfd,
		.exit_signal = SIGCHLD,
	};
	pid_t pid = sys_clone3(&args);

	if (pid < 0)
		return err_set(e, errno, "%s: clone3", hooks->v[i].path);
	if (pid == 0)
		become_hook(hooks, i, in_fd);
	return wait_for(&hooks->v[i], pidfd, e);
}

int hooks_run(const oci_hook_list *hooks, const char *json, size_t len, const char *name,
	      struct err *e)
{
	if (!hooks->n)
		return 0;
	_cleanup_fd_ int in_fd = state_fd(json, len, e);
	if (in_fd < 0)
		return in_fd;
	for (size_t i = 0; i < hooks->n; i++)
		if (run_one(hooks, i, in_fd, e) < 0)
			return err_in(e, "%s hook %zu", name, i);
	return 0;
}

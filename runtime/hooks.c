/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hooks: see hooks.h. The state comes as a sealed memfd and output goes into one: whatever a hook
 * reads, writes or leaves running, it can neither block us nor raise SIGPIPE. A hook is cloned as
 * vfork does it, so that nothing is copied and an execve that fails says why.
 */
#include "hooks.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/io.h"
#include "base/signals.h"
#include "base/sys.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8U /* Linux 6.3 */
#endif

#define STACK_BYTES 16384
#define TAIL_BYTES 512
#define TIMEOUT_MAX_S 2000000 /* what fits into poll's milliseconds */

struct hook_run {
	const struct oci_hook *hook;
	int in_fd, out_fd;
	char **argv;
	char *const *env;
	const struct hooks_how *how;
	char *stack;
	int errnum; /* of what failed before the program ran */
	struct err why; /* … when that was to confine it */
};

/* Hosts may refuse memfds that could be executed; kernels before 6.3 do not know how to say so. */
static int make_memfd(const char *name)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);

	return fd >= 0 || errno != EINVAL ? fd : memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
}

static int open_state(const char *json, size_t len, struct err *e)
{
	_cleanup_fd_ int fd = make_memfd("state");

	if (fd < 0)
		return err_set(e, errno, "make the state for hooks");
	int r = io_write_all(fd, json, len, "the state for hooks", e);
	if (r < 0)
		return r;
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0)
		return err_set(e, errno, "seal the state for hooks");
	return fd_take(&fd);
}

static int open_output(struct err *e)
{
	_cleanup_fd_ int fd = make_memfd("output");

	/* Several writers, none of which may write over another. */
	if (fd < 0 || fcntl(fd, F_SETFL, O_APPEND) < 0)
		return err_set(e, errno, "make room for the output of hooks");
	return fd_take(&fd);
}

static char **terminated(struct arena *a, const oci_strings *s, char *if_empty)
{
	char **v = arena_calloc(a, s->n + 2, sizeof *v);

	if (!v)
		return NULL;
	if (s->n)
		memcpy(v, s->v, s->n * sizeof *v);
	else
		v[0] = if_empty;
	return v;
}

/* In the child, on a stack of its own but in our memory: system calls only. Closed for real, because
 * the program's path may be the image's: see process_let_go(). */
static int become_hook(void *arg)
{
	struct hook_run *h = arg;
	struct err ignored; /* errno says it */

	setpgid(0, 0); /* so that a timeout ends what it has started, too */
	if (lseek(h->in_fd, 0, SEEK_SET) == 0 && dup2(h->in_fd, STDIN_FILENO) >= 0 &&
	    dup2(h->out_fd, STDOUT_FILENO) >= 0 && dup2(h->out_fd, STDERR_FILENO) >= 0 &&
	    fd_close_from(STDERR_FILENO + 1, NULL, 0, &ignored) >= 0) {
		signals_reset(NULL);
		if (h->how->confine && h->how->confine(h->how->arg, &h->why) < 0) {
			h->errnum = h->why.code;
			_exit(127);
		}
		execve(h->hook->path, h->argv, h->env);
	}
	h->errnum = errno;
	_exit(127);
}

/* " (output: …)" of what came after `from`, with blanks for control characters; or "". */
static const char *output_tail(int out_fd, off_t from, char text[static TAIL_BYTES + 32])
{
	off_t end = lseek(out_fd, 0, SEEK_END);
	size_t at = sizeof " (output: " - 1;

	if (end - from > TAIL_BYTES)
		from = end - TAIL_BYTES;
	memcpy(text, " (output: ", at);
	ssize_t n = end > from ? pread(out_fd, text + at, (size_t)(end - from), from) : 0;
	if (n <= 0)
		return "";
	for (size_t end_at = at + (size_t)n; at < end_at; at++)
		if ((unsigned char)text[at] < ' ' || text[at] == 0x7f)
			text[at] = ' ';
	while (text[at - 1] == ' ')
		at--;
	strcpy(text + at, ")");
	return text;
}

static int how_it_ended(const struct hook_run *h, const siginfo_t *info, off_t out_from,
			struct err *e)
{
	char tail[TAIL_BYTES + 32];

	if (h->why.code)
		return err_msg(e, h->why.code, "confine %s: %s", h->hook->path, h->why.text);
	if (h->errnum)
		return err_set(e, h->errnum, "exec %s", h->hook->path);
	if (info->si_code != CLD_EXITED)
		return err_msg(e, EIO, "%s: killed by signal %d%s", h->hook->path, info->si_status,
			       output_tail(h->out_fd, out_from, tail));
	if (info->si_status)
		return err_msg(e, EIO, "%s: exit status %d%s", h->hook->path, info->si_status,
			       output_tail(h->out_fd, out_from, tail));
	return 0;
}

static int hooks_wait_for(const struct hook_run *h, pid_t pid, int pidfd, off_t out_from,
			  struct err *e)
{
	const struct opt_i64 *timeout_s = &h->hook->timeout_s;
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	siginfo_t info = { 0 };
	int n = 1;

	/* Without a timeout waitid() alone will do. */
	if (timeout_s->set && !h->errnum) {
		int64_t s = timeout_s->v < TIMEOUT_MAX_S ? timeout_s->v : TIMEOUT_MAX_S;
		do
			n = poll(&p, 1, (int)s * 1000);
		while (n < 0 && errno == EINTR);
	}
	/* Not reaped yet; poll can only fail for want of memory. It need not be in the group any more that was made for it. */
	if (n <= 0) {
		kill(-pid, SIGKILL);
		kill(pid, SIGKILL);
	}
	while (waitid((idtype_t)P_PIDFD, (id_t)pidfd, &info, WEXITED) < 0)
		if (errno != EINTR)
			return err_set(e, errno, "wait for %s", h->hook->path);
	if (n < 0)
		return err_set(e, ENOMEM, "wait for %s", h->hook->path);
	if (n == 0)
		return err_msg(e, ETIMEDOUT, "%s: timed out after %lld s", h->hook->path,
			       (long long)timeout_s->v);
	return how_it_ended(h, &info, out_from, e);
}

static int run_one(struct hook_run *h, struct arena *a, struct err *e)
{
	_cleanup_fd_ int pidfd = FD_NONE;
	off_t out_from = lseek(h->out_fd, 0, SEEK_END);
	char *path = h->hook->path;

	h->errnum = 0;
	h->argv = terminated(a, &h->hook->args, path);
	/* An empty list is an empty environment. */
	h->env = h->hook->env.v ? terminated(a, &h->hook->env, NULL) : h->how->env;
	if (!h->argv || !h->env)
		return err_set(e, ENOMEM, "run %s", path);
	pid_t pid = clone(become_hook, h->stack + STACK_BYTES,
			  CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, h, &pidfd);
	if (pid < 0)
		return err_set(e, errno, "clone to run %s", path);
	return hooks_wait_for(h, pid, pidfd, out_from, e);
}

int hooks_run(const oci_hook_list *hooks, const char *json, size_t len, const char *name,
	      struct err *e)
{
	return hooks_run_as(hooks, json, len, name, &(struct hooks_how){ .env = environ }, e);
}

int hooks_run_as(const oci_hook_list *hooks, const char *json, size_t len, const char *name,
		 const struct hooks_how *how, struct err *e)
{
	if (!hooks->n)
		return 0;
	_cleanup_arena_ struct arena a = ARENA_INIT;
	_cleanup_fd_ int in_fd = open_state(json, len, e);
	if (in_fd < 0)
		return in_fd;
	_cleanup_fd_ int out_fd = open_output(e);
	if (out_fd < 0)
		return out_fd;
	struct hook_run h = { .in_fd = in_fd, .out_fd = out_fd, .how = how,
			      .stack = arena_alloc(&a, STACK_BYTES) };
	if (!h.stack)
		return err_set(e, ENOMEM, "run the %s hooks", name);
	for (size_t i = 0; i < hooks->n; i++) {
		h.hook = &hooks->v[i];
		if (run_one(&h, &a, e) < 0)
			return err_in(e, "%s hook %zu", name, i);
	}
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* worker: see worker.h. */
#include "loop/worker.h"

#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/spawn.h"
#include "base/sys.h"

#define FIRST_KEPT 3

struct report {
	int result;
	struct err why;
};

/* Out of the way of those that are put in place: below `above`. What lay there before is of no more use, and the
 * limit may be too low for both. */
static int move_above(int fd, int above, struct err *e)
{
	if (fd >= above)
		return fd;
	int moved = fcntl(fd, F_DUPFD_CLOEXEC, above);
	if (moved < 0)
		return err_set(e, errno == EINVAL ? EMFILE : errno,
			       "keep descriptors above %d: raise the limit of open files (ulimit -n)", above);
	close(fd);
	return moved;
}

/* Everything else goes: a warm member that held the shim's sockets would keep them alive. */
static int keep_only(int *const keep[], int *report_fd, struct err *e)
{
	int next = FIRST_KEPT, above = FIRST_KEPT + 1;

	for (int *const *k = keep; *k; k++)
		above += **k >= 0;
	for (int *const *k = keep; *k; k++)
		if (**k >= 0 && (**k = move_above(**k, above, e)) < 0)
			return **k;
	*report_fd = move_above(*report_fd, above, e);
	if (*report_fd < 0)
		return *report_fd;
	for (int *const *k = keep; *k; k++)
		if (**k >= 0)
			**k = dup3(**k, next++, O_CLOEXEC);
	*report_fd = dup3(*report_fd, next++, O_CLOEXEC);
	fd_close_range((unsigned)next, ~0U);
	return 0;
}

static _Noreturn void child(int *const keep[], int report_fd, int (*fn)(void *arg, struct err *e),
			    void *arg)
{
	struct report report = { .why = ERR_INIT };
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	report.result = keep_only(keep, &report_fd, &report.why);
	if (report.result >= 0)
		report.result = fn(arg, &report.why);
	_exit(write(report_fd, &report, sizeof report) == (ssize_t)sizeof report ? 0 : 1);
}

static void close_all(struct worker *w)
{
	loop_del(w->loop, &w->source);
	fd_close(&w->pidfd);
	w->pid = 0;
	fd_close(&w->report_fd);
}

static void on_end(struct source *s, uint32_t events)
{
	struct worker *w = LOOP_OWNER(s, struct worker, source);
	struct report report = { .result = -EIO };
	siginfo_t info = { 0 };

	(void)events;
	waitid((idtype_t)P_PIDFD, (id_t)w->pidfd, &info, WEXITED);
	if (read(w->report_fd, &report, sizeof report) != (ssize_t)sizeof report)
		report.result = err_msg(&report.why, EIO, "the worker was killed by signal %d",
					info.si_status);
	close_all(w);
	w->done(w, report.result, &report.why);
}

int worker_start(struct worker *w, struct loop *l, int *const keep[], int (*fn)(void *arg, struct err *e),
		 void *arg, void (*done)(struct worker *w, int result, const struct err *why),
		 struct err *e)
{
	struct clone_args args = { .flags = CLONE_PIDFD, .exit_signal = SIGCHLD };
	int fds[2], pidfd = FD_NONE;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_set(e, errno, "make a pipe for a worker");
	args.pidfd = (uint64_t)(uintptr_t)&pidfd;
	pid_t pid = spawn_process(&args);
	if (pid == 0) {
		close(fds[0]);
		child(keep, fds[1], fn, arg);
	}
	int errnum = errno;
	close(fds[1]);
	w->report_fd = fds[0];
	w->pidfd = pidfd;
	w->pid = pid > 0 ? pid : 0;
	w->loop = l;
	w->done = done;
	w->source = SOURCE_INIT;
	int r = pid < 0 ? err_set(e, errnum, "clone a worker")
			: loop_add(l, &w->source, pidfd, EPOLLIN, on_end, e);
	if (r < 0)
		worker_stop(w);
	return r;
}

bool worker_is_busy(const struct worker *w)
{
	return w->pidfd >= 0;
}

void worker_stop(struct worker *w)
{
	siginfo_t info;

	if (w->pidfd >= 0) {
		sys_pidfd_send_signal(w->pidfd, SIGKILL);
		while (waitid((idtype_t)P_PIDFD, (id_t)w->pidfd, &info, WEXITED) < 0 &&
		       errno == EINTR)
			;
	}
	close_all(w);
}

void worker_abandon(struct worker *w)
{
	if (w->pidfd >= 0)
		sys_pidfd_send_signal(w->pidfd, SIGKILL);
	close_all(w);
}

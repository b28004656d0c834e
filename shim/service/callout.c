/* SPDX-License-Identifier: Apache-2.0 */
/* callout: see callout.h. */
#include "service/callout.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/signals.h"
#include "base/spawn.h"
#include "base/sys.h"
#include "machine/happening.h"
#include "process/program.h"
#include "record/journal.h"

#define LOOK_AGAIN_NS (20 * NS_PER_MS)
#define PUT_OFF_NS (1000 * NS_PER_MS) /* a fence can hang: that is worth a call */
#define VARIABLES_MAX 24

/* -- what happened, as an environment ---------------------------------------------------------------- */

static void callout_put_text(struct buf *b, const char *name, const char *value)
{
	if (!value)
		return;
	buf_printf(b, "%s=", name);
	buf_put(b, value, strlen(value) + 1);
}

static void put_number(struct buf *b, const char *name, long long value)
{
	buf_printf(b, "%s=%lld", name, value);
	buf_put(b, "", 1);
}

static char *environment_of(const struct callouts *c, const struct journal_record *r)
{
	struct buf b = BUF_INIT;
	char time[CLOCK_TEXT_SIZE];
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	clock_format_utc(&now, time);
	callout_put_text(&b, "HART_EVENT", r->event);
	callout_put_text(&b, "HART_ID", c->id);
	callout_put_text(&b, "HART_TIME", time);
	put_number(&b, "HART_GENERATION", (long long)r->generation);
	callout_put_text(&b, "HART_MEMBER", r->member);
	callout_put_text(&b, "HART_FROM", r->from);
	callout_put_text(&b, "HART_TO", r->to);
	callout_put_text(&b, "HART_CAUSE", r->cause);
	callout_put_text(&b, "HART_INSTEAD", r->instead);
	if (r->instead)
		put_number(&b, "HART_US", r->us);
	if (r->status >= 0)
		put_number(&b, "HART_STATUS", r->status);
	callout_put_text(&b, "HART_TEXT", r->text);
	if (c->left_out)
		put_number(&b, "HART_LEFT_OUT", (long long)c->left_out);
	buf_put(&b, "", 1);
	if (!b.failed)
		return b.data;
	buf_free(&b);
	return NULL;
}

/* -- one command ------------------------------------------------------------------------------------- */

/* Nothing of the shim's comes along: no descriptor, no environment, no signal that is blocked or ignored. */
static _Noreturn void callout_run(char *const *argv, char *environment)
{
	char *env[VARIABLES_MAX + 1];
	size_t n = 0;

	env[n++] = "PATH=" PROGRAM_PATH;
	for (char *at = environment; *at && n < VARIABLES_MAX; at += strlen(at) + 1)
		env[n++] = at;
	env[n] = NULL;
	setsid();
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* nobody would see to its end */
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int fd = 0; fd < 3; fd++)
		if (null < 0 || dup2(null, fd) < 0)
			_exit(127);
	fd_close_range(3, ~0U);
	signals_reset(NULL);
	if (chdir("/") < 0)
		_exit(127);
	environ = env; /* whose PATH is searched */
	execvp(argv[0], argv);
	_exit(127);
}

static void forget_first(struct callouts *c)
{
	free(c->queue[c->first]);
	c->queue[c->first] = NULL;
	c->first = (c->first + 1) % CALLOUTS_MAX;
	c->n--;
}

static void look_soon(struct callouts *c, long long after_ns);

static void kill_group(struct callouts *c)
{
	if (kill(-c->pid, SIGKILL) < 0) /* before its setsid */
		kill(c->pid, SIGKILL);
}

static void judge(struct callouts *c, const siginfo_t *info)
{
	const char *program = c->command[0];
	struct err why = ERR_INIT;

	if (info->si_code != CLD_EXITED)
		err_msg(&why, EIO, "--on-event: %s was killed by signal %d%s", program, info->si_status,
			c->limit.armed ? "" : ": it takes too long");
	else if (info->si_status)
		err_msg(&why, EIO, "--on-event: %s ended with status %d%s", program, info->si_status,
			info->si_status == 127 ? ": is it there, and executable?" : "");
	if (why.code)
		c->owner->failed(c, &why);
}

static void callout_collect(struct callouts *c)
{
	siginfo_t info = { 0 };
	int pidfd = c->ended.fd;

	if (waitid(P_PID, (id_t)c->pid, &info, WEXITED) == 0)
		judge(c, &info);
	loop_timer_stop(c->loop, &c->limit);
	loop_del(c->loop, &c->ended);
	close(pidfd);
	c->pid = 0;
}

static void on_ended(struct source *src, uint32_t events)
{
	struct callouts *c = LOOP_OWNER(src, struct callouts, ended);

	(void)events;
	callout_collect(c);
	look_soon(c, 0);
}

static void on_limit(struct timer *t)
{
	kill_group(LOOP_OWNER(t, struct callouts, limit));
}

static int callout_start(struct callouts *c, struct err *e)
{
	int pidfd = FD_NONE;
	struct clone_args args = { .flags = CLONE_PIDFD, .exit_signal = SIGCHLD, .pidfd = (uint64_t)(uintptr_t)&pidfd };
	pid_t pid = spawn_process(&args);

	if (pid == 0)
		callout_run(c->command, c->queue[c->first]);
	if (pid < 0)
		return err_set(e, errno, "--on-event: make a process");
	c->pid = pid;
	if (loop_add(c->loop, &c->ended, pidfd, EPOLLIN, on_ended, e) < 0) {
		kill_group(c);
		c->ended.fd = pidfd;
		callout_collect(c);
		return -e->code;
	}
	loop_timer(c->loop, &c->limit, CALLOUT_LIMIT_NS, on_limit);
	return 0;
}

static void start_first(struct callouts *c)
{
	struct err e = ERR_INIT;

	c->since_ns = 0;
	if (callout_start(c, &e) < 0)
		c->owner->failed(c, &e);
	forget_first(c);
}

/* -- when -------------------------------------------------------------------------------------------- */

static void on_look(struct timer *t)
{
	struct callouts *c = LOOP_OWNER(t, struct callouts, look);

	if (c->pid || !c->n)
		return;
	if (!c->since_ns)
		c->since_ns = loop_now_ns();
	if (c->owner->is_busy(c) && loop_now_ns() - c->since_ns < PUT_OFF_NS) {
		look_soon(c, LOOK_AGAIN_NS);
		return;
	}
	start_first(c);
	look_soon(c, 0); /* it may not have been started */
}

static void look_soon(struct callouts *c, long long after_ns)
{
	if (c->n && !c->pid)
		loop_timer(c->loop, &c->look, after_ns, on_look);
}

void callout_queue(struct callouts *c, const struct happening *what, const struct journal_record *r)
{
	if (!c->command || what->is_step)
		return;
	char *environment = c->n == CALLOUTS_MAX ? NULL : environment_of(c, r);
	if (!environment) {
		c->left_out++;
		return;
	}
	c->left_out = 0;
	c->queue[(c->first + c->n++) % CALLOUTS_MAX] = environment;
	if (!c->look.armed)
		look_soon(c, 0);
}

void callouts_finish(struct callouts *c)
{
	long long end_ms = clock_now_ms() + CALLOUTS_END_NS / NS_PER_MS;

	while (c->pid || c->n) {
		if (!c->pid)
			start_first(c);
		struct pollfd p = { .fd = c->ended.fd, .events = POLLIN };
		int n = c->pid ? poll(&p, 1, clock_left_ms(end_ms)) : 0;
		if (c->pid && n == 0)
			kill_group(c);
		if (c->pid && (n >= 0 || errno != EINTR))
			callout_collect(c);
		while (c->n && clock_left_ms(end_ms) == 0)
			forget_first(c);
	}
	loop_timer_stop(c->loop, &c->look);
}

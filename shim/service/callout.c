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
#include "process/program.h"
#include "service/parts.h"

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

static char *environment_of(struct service *s, const struct journal_record *r)
{
	struct buf b = BUF_INIT;
	char time[CLOCK_TEXT_SIZE];
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	clock_format_utc(&now, time);
	callout_put_text(&b, "HART_EVENT", r->event);
	callout_put_text(&b, "HART_ID", s->id);
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
	if (s->callouts.left_out)
		put_number(&b, "HART_LEFT_OUT", (long long)s->callouts.left_out);
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

static void look_soon(struct service *s, long long after_ns);

static void kill_group(struct callouts *c)
{
	if (kill(-c->pid, SIGKILL) < 0) /* before its setsid */
		kill(c->pid, SIGKILL);
}

static void judge(struct service *s, const siginfo_t *info)
{
	const char *program = s->policy->on_event[0];
	struct err why = ERR_INIT;

	if (info->si_code != CLD_EXITED)
		err_msg(&why, EIO, "--on-event: %s was killed by signal %d%s", program, info->si_status,
			s->callouts.limit.armed ? "" : ": it takes too long");
	else if (info->si_status)
		err_msg(&why, EIO, "--on-event: %s ended with status %d%s", program, info->si_status,
			info->si_status == 127 ? ": is it there, and executable?" : "");
	if (why.code)
		s->callouts.failed(s, &why);
}

static void callout_collect(struct service *s)
{
	struct callouts *c = &s->callouts;
	siginfo_t info = { 0 };
	int pidfd = c->ended.fd;

	if (waitid(P_PID, (id_t)c->pid, &info, WEXITED) == 0)
		judge(s, &info);
	loop_timer_stop(&s->loop, &c->limit);
	loop_del(&s->loop, &c->ended);
	close(pidfd);
	c->pid = 0;
}

static void on_ended(struct source *src, uint32_t events)
{
	struct service *s = LOOP_OWNER(src, struct service, callouts.ended);

	(void)events;
	callout_collect(s);
	look_soon(s, 0);
}

static void on_limit(struct timer *t)
{
	kill_group(&LOOP_OWNER(t, struct service, callouts.limit)->callouts);
}

static int callout_start(struct service *s, struct err *e)
{
	struct callouts *c = &s->callouts;
	int pidfd = FD_NONE;
	struct clone_args args = { .flags = CLONE_PIDFD, .exit_signal = SIGCHLD, .pidfd = (uint64_t)(uintptr_t)&pidfd };
	pid_t pid = spawn_process(&args);

	if (pid == 0)
		callout_run(s->policy->on_event, c->queue[c->first]);
	if (pid < 0)
		return err_set(e, errno, "--on-event: make a process");
	c->pid = pid;
	if (loop_add(&s->loop, &c->ended, pidfd, EPOLLIN, on_ended, e) < 0) {
		kill_group(c);
		c->ended.fd = pidfd;
		callout_collect(s);
		return -e->code;
	}
	loop_timer(&s->loop, &c->limit, CALLOUT_LIMIT_NS, on_limit);
	return 0;
}

static void start_first(struct service *s)
{
	struct err e = ERR_INIT;

	s->callouts.since_ns = 0;
	if (callout_start(s, &e) < 0)
		s->callouts.failed(s, &e);
	forget_first(&s->callouts);
}

/* -- when -------------------------------------------------------------------------------------------- */

/* Somebody is being killed, or started: forking now would cost clients time. */
static bool is_busy(const struct service *s)
{
	const struct machine *m = &s->machine;

	return service_is_taking_over(s) || m->state == SERVICE_FENCING ||
	       (m->state == SERVICE_PROMOTING && !machine_is_waiting(m));
}

static void on_look(struct timer *t)
{
	struct service *s = LOOP_OWNER(t, struct service, callouts.look);
	struct callouts *c = &s->callouts;

	if (c->pid || !c->n)
		return;
	if (!c->since_ns)
		c->since_ns = loop_now_ns();
	if (is_busy(s) && loop_now_ns() - c->since_ns < PUT_OFF_NS) {
		look_soon(s, LOOK_AGAIN_NS);
		return;
	}
	start_first(s);
	look_soon(s, 0); /* it may not have been started */
}

static void look_soon(struct service *s, long long after_ns)
{
	struct callouts *c = &s->callouts;

	if (c->n && !c->pid)
		loop_timer(&s->loop, &c->look, after_ns, on_look);
}

void callout_queue(struct service *s, const struct happening *what, const struct journal_record *r)
{
	struct callouts *c = &s->callouts;

	if (!s->policy->on_event || what->is_step)
		return;
	char *environment = c->n == CALLOUTS_MAX ? NULL : environment_of(s, r);
	if (!environment) {
		c->left_out++;
		return;
	}
	c->left_out = 0;
	c->queue[(c->first + c->n++) % CALLOUTS_MAX] = environment;
	if (!c->look.armed)
		look_soon(s, 0);
}

void callouts_finish(struct service *s)
{
	struct callouts *c = &s->callouts;
	long long end_ms = clock_now_ms() + CALLOUTS_END_NS / NS_PER_MS;

	while (c->pid || c->n) {
		if (!c->pid)
			start_first(s);
		struct pollfd p = { .fd = c->ended.fd, .events = POLLIN };
		int n = c->pid ? poll(&p, 1, clock_left_ms(end_ms)) : 0;
		if (c->pid && n == 0)
			kill_group(c);
		if (c->pid && (n >= 0 || errno != EINTR))
			callout_collect(s);
		while (c->n && clock_left_ms(end_ms) == 0)
			forget_first(c);
	}
	loop_timer_stop(&s->loop, &c->look);
}

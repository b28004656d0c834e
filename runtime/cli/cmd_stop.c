/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_stop: stop and restart: the words that people look for. */
#include <poll.h>
#include <signal.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/signame.h"
#include "base/sys.h"
#include "cmd.h"
#include "ctl/ctl.h"
#include "service_call.h"
#include "statefile.h"

struct stop_flags {
	uint64_t timeout_ms;
};

static const struct opt_row stop_rows[] = {
	OPT_DURATION(struct stop_flags, timeout_ms, "timeout", 't', "TIME",
		     "how long it may take before it is killed (default 10s; of a service its --stop-timeout)"),
};

/* 1 when the process has ended, 0 when the time is over. */
static int cmd_stop_await_end(int pidfd, long long timeout_ms, struct err *e)
{
	long long deadline_ms = timeout_ms < 0 ? -1 : clock_now_ms() + timeout_ms;
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	int n;

	do
		n = poll(&p, 1, clock_left_ms(deadline_ms));
	while (n < 0 && errno == EINTR);
	return n < 0 ? err_set(e, errno, "wait for the end") : n;
}

static int ask_to_end(struct cli *cli, struct container *c, int sig, struct err *e)
{
	struct ctl_request q = { .command = CTL_STOP, .signal = sig };
	char *json;
	size_t len;
	int r = ctl_call(c->dir_fd, &q, cli->arena, &json, &len, e);

	if (r != -ECONNRESET && r != -ECONNREFUSED && r != -EPIPE)
		return r;
	/* It has just ended. */
	err_clear(e);
	return 0;
}

/* Its shim sends its stop signal and kills what does not heed it in time. */
static int stop_service(struct cli *cli, struct container *c, struct err *e)
{
	const struct stop_flags *f = cli->opts;
	_cleanup_fd_ int shim = statefile_supervisor(c->state);

	if (!c->state->supervisor_pid)
		return 0;
	if (shim < 0)
		return err_msg(e, ECONNREFUSED, "the shim of \"%s\" has died: \"hart adopt %s\" starts another one, \"hart delete "
						"--force %s\" ends what it left", cli->args[0], cli->args[0], cli->args[0]);
	int r = ask_to_end(cli, c, 0, e);
	if (r >= 0)
		r = cmd_stop_await_end(shim, f->timeout_ms ? (long long)f->timeout_ms : -1, e);
	if (r != 0)
		return r;
	r = ask_to_end(cli, c, SIGKILL, e);
	return r < 0 ? r : cmd_stop_await_end(shim, -1, e);
}

static int stop_signal(const struct container *c)
{
	const char *name = oci_map_get(&c->state->annotations, "org.opencontainers.image.stopSignal");
	int sig = name ? signal_from_name(name) : SIGTERM;

	return sig > 0 ? sig : SIGTERM;
}

/* That it has ended meanwhile is what was asked for. */
static int signal_it(struct container *c, int sig, struct err *e)
{
	int r = container_kill(c, sig, false, e);

	if (r == -ESRCH)
		err_clear(e);
	return r == -ESRCH ? 0 : r;
}

static int stop_container(struct cli *cli, struct container *c, struct err *e)
{
	const struct stop_flags *f = cli->opts;

	if (c->pidfd < 0)
		return 0;
	int r = signal_it(c, stop_signal(c), e);
	if (r >= 0)
		r = cmd_stop_await_end(c->pidfd, f->timeout_ms ? (long long)f->timeout_ms : KILL_TIMEOUT_MS, e);
	if (r != 0)
		return r;
	r = signal_it(c, SIGKILL, e);
	if (r >= 0)
		r = cmd_stop_await_end(c->pidfd, KILL_TIMEOUT_MS, e);
	return r ? r : err_msg(e, ETIMEDOUT, "\"%s\" got SIGKILL and has not ended: the kernel keeps it", cli->args[0]);
}

static int run_stop(struct cli *cli, struct err *e)
{
	struct container c = CONTAINER_INIT;
	struct runtime rt;
	/* Without the lock: content can keep the process that has it waiting. */
	int r = cli_open_runtime(cli, &rt, e);

	if (r < 0)
		return r;
	r = container_peek(&rt, cli->args[0], &c, e);
	if (r >= 0) {
		r = container_is_service(&c) ? stop_service(cli, &c, e) : stop_container(cli, &c, e);
		container_close(&c);
	}
	runtime_close(&rt);
	return r;
}

const struct command cmd_stop = {
	.name = "stop",
	.args = "CONTAINER",
	.summary = "end a container or service, and wait for its end",
	.doc = "It gets its stop signal (org.opencontainers.image.stopSignal or SIGTERM; of a service --stop-signal) and, when it "
	       "has not ended in time, SIGKILL. Exits with 0 when it has ended, also if it had before. \"hart delete\" removes "
	       "what is left of it.",
	.table = { stop_rows, sizeof stop_rows / sizeof stop_rows[0], false },
	.opts_size = sizeof(struct stop_flags),
	.min_args = 1,
	.max_args = 1,
	.run = run_stop,
};

static int run_restart(struct cli *cli, struct err *e)
{
	struct ctl_request q = { .command = CTL_FAILOVER, .wait = true };
	char *json;
	size_t len;
	int r = service_ask(cli, &q, &json, &len, e);

	if (r == -ENOENT)
		return err_msg(e, ENOENT, "restart %s: %s; \"hart upgrade --stop-first --bundle DIR\" with its own bundle starts a "
					  "service without standbys anew", cli->args[0], e->text);
	return r;
}

const struct command cmd_restart = {
	.name = "restart",
	.args = "CONTAINER",
	.summary = "replace the program of a supervised service by a fresh one",
	.doc = "Does the same as \"hart failover\" without options: stops the active member and lets the next one serve; the "
	       "member that was stopped is built anew as a standby. Does not count as a failure. A container that is no service "
	       "cannot be restarted: \"hart delete\" it, and \"hart run\" it again.",
	.min_args = 1,
	.max_args = 1,
	.run = run_restart,
};

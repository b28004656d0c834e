/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_kill: kill, see container_kill for what is signalled. */
#include "base/err.h"
#include "base/signame.h"
#include "cmd.h"
#include "ctl/ctl.h"

struct kill_flags {
	bool all;
};

static const struct opt_row rows[] = {
	OPT_FLAG(struct kill_flags, all, "all", 'a',
		 "signal every process in the container; no error when it is stopped"),
};

static int run_kill(struct cli *cli, struct err *e)
{
	const struct kill_flags *f = cli->opts;
	const char *name = cli->n_args > 1 && *cli->args[1] ? cli->args[1] : "SIGTERM";
	struct container c = CONTAINER_INIT;
	struct runtime rt;
	char *answer;
	size_t len;
	int sig = signal_from_name(name);

	if (sig < 0)
		return err_msg(e, EINVAL, "unknown signal \"%s\"", name);
	/* Without the lock: content can keep the process that has it waiting. */
	int r = cli_open_runtime(cli, &rt, e);
	if (r >= 0)
		r = container_peek(&rt, cli->args[0], &c, e);
	if (r < 0) {
		runtime_close(&rt);
		return r;
	}
	/* Of a service its shim has to know: an end that is asked for is no failure. */
	if (container_is_service(&c) && container_is_supervised(&c) && !container_has_lost_standin(&c))
		r = ctl_call(c.dir_fd, &(struct ctl_request){ .command = CTL_KILL, .signal = sig },
			     cli->arena, &answer, &len, e);
	else
		r = container_kill(&c, sig, f->all, e);
	if (r == -ESRCH && f->all)
		r = 0;
	container_close(&c);
	runtime_close(&rt);
	return r;
}

const struct command cmd_kill = {
	.name = "kill",
	.args = "CONTAINER [SIGNAL]",
	.summary = "send a signal to a container's init, SIGTERM by default",
	.doc = "SIGNAL is a number or a name: 9, KILL, SIGKILL, SIGRTMIN+3; 0 asks whether the container lives. A "
	       "supervised service ends by TERM, KILL and its --stop-signal; any other signal goes to its active "
	       "member's program, whose death by it is a failure.",
	.table = { rows, sizeof rows / sizeof rows[0], false },
	.opts_size = sizeof(struct kill_flags),
	.min_args = 1,
	.max_args = 2,
	.run = run_kill,
};

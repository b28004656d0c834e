/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_service: failover, upgrade and adopt: thin clients of a service's shim. */
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "service/api.h"
#include "service_call.h"
#include "shim_replace.h"

struct switch_flags {
	const char *to, *bundle;
	bool overlap, no_wait, stop_first, stay;
	uint64_t timeout_ms;
};

static const struct opt_row failover_rows[] = {
	OPT_STRING(struct switch_flags, to, "to", 0, "MEMBER",
		   "the member to switch to: primary, standby-1, ... (default: the next)"),
	OPT_FLAG(struct switch_flags, overlap, "overlap", 0,
		 "start the new member first and stop the old one when the new one is ready"),
	OPT_FLAG(struct switch_flags, no_wait, "no-wait", 0, "do not wait for the end of the switch"),
	OPT_DURATION(struct switch_flags, timeout_ms, "timeout", 0, "TIME", "wait no longer than that"),
};

static const struct opt_row upgrade_rows[] = {
	OPT_STRING(struct switch_flags, bundle, "bundle", 'b', "DIR", "the new bundle",
		   .complete = OPT_DIR),
	OPT_FLAG(struct switch_flags, stop_first, "stop-first", 0,
		 "stop the old version before the new one is started: for programs of which two must not run"),
	OPT_FLAG(struct switch_flags, stay, "wait", 0,
		 "wait until the new version is there to stay: the whole --window of the service"),
	OPT_FLAG(struct switch_flags, no_wait, "no-wait", 0, "do not wait for the end of the switch"),
	OPT_DURATION(struct switch_flags, timeout_ms, "timeout", 0, "TIME", "wait no longer than that"),
};

static int ask_for_switch(struct cli *cli, enum ctl_command command, const char *bundle, struct err *e)
{
	const struct switch_flags *f = cli->opts;
	struct ctl_request q = { .command = command, .to = f->to, .bundle = bundle,
				 .overlap = f->overlap, .wait = !f->no_wait,
				 .stop_first = f->stop_first, .stay = f->stay,
				 .timeout_ms = (long long)f->timeout_ms };
	char *json;
	size_t len;

	return service_ask(cli, &q, &json, &len, e);
}

static int run_failover(struct cli *cli, struct err *e)
{
	return ask_for_switch(cli, CTL_FAILOVER, NULL, e);
}

static const struct opt_row fail_rows[] = {
	OPT_FLAG(struct switch_flags, no_wait, "no-wait", 0, "do not wait until somebody serves again"),
	OPT_DURATION(struct switch_flags, timeout_ms, "timeout", 0, "TIME", "wait no longer than that"),
};

static int run_fail(struct cli *cli, struct err *e)
{
	return ask_for_switch(cli, CTL_FAIL, NULL, e);
}

static int run_upgrade(struct cli *cli, struct err *e)
{
	const struct switch_flags *f = cli->opts;
	const char *bundle;

	if (!f->bundle)
		return err_msg(e, EINVAL, "--bundle is missing: the folder to upgrade to");
	int r = cli_absolute(cli, f->bundle, &bundle, e);
	return r < 0 ? r : ask_for_switch(cli, CTL_UPGRADE, bundle, e);
}

struct adopt_flags {
	bool foreground, all, replace;
};

static const struct opt_row adopt_rows[] = {
	OPT_FLAG(struct adopt_flags, foreground, "foreground", 0,
		 "be the shim, and show transitions, until the service ends"),
	OPT_FLAG(struct adopt_flags, all, "all", 0, "adopt each service whose shim has died"),
	OPT_FLAG(struct adopt_flags, replace, "replace", 0,
		 "let this hart take the place of a shim that runs, as after an update of hart: the service is not interrupted"),
};

/* One that cannot be adopted keeps no other one from it. */
static int adopt_orphan(struct runtime *rt, const char *id, void *arg)
{
	struct cli *cli = arg;
	struct container c = CONTAINER_INIT;
	struct err e = ERR_INIT;
	int status, r = container_peek(rt, id, &c, &e);
	bool is_orphan = r >= 0 && container_is_service(&c) && c.state->started && c.state->supervisor_pid &&
			 !container_is_supervised(&c);

	if (r >= 0)
		container_close(&c);
	if (is_orphan)
		r = service_adopt(rt, id, true, &status, &e);
	/* Deleted meanwhile, or adopted by somebody else: not worth a word. */
	if (r >= 0 || r == -ENOENT || r == -EBUSY)
		return 0;
	log_error("adopt %s: %s", id, e.text);
	cli->status = 1;
	return 0;
}

static int run_adopt(struct cli *cli, struct err *e)
{
	const struct adopt_flags *f = cli->opts;
	struct runtime rt;

	if (f->all != !cli->n_args)
		return err_msg(e, EINVAL, "adopt takes the ID of one service, or --all");
	if (f->all && f->foreground)
		return err_msg(e, EINVAL, "--foreground is for one service");
	if (f->replace && (f->all || f->foreground))
		return err_msg(e, EINVAL, "--replace is for one service, whose shim stays where it is");
	if (f->replace)
		return shim_replace(cli, NULL, e);
	int r = cli_open_runtime(cli, &rt, e);

	if (r < 0)
		return r;
	if (f->all)
		r = runtime_each(&rt, adopt_orphan, cli, e);
	else
		r = service_adopt(&rt, cli->args[0], !f->foreground, &cli->status, e);
	runtime_close(&rt);
	return r;
}

const struct command cmd_failover = {
	.name = "failover",
	.args = "CONTAINER",
	.summary = "switch a supervised service to another member",
	.doc = "Stops the active member and lets a standby run, or with --overlap the other way round. Does not "
	       "count as a failure. See hart-failover(7).",
	.table = { failover_rows, sizeof failover_rows / sizeof failover_rows[0], false },
	.opts_size = sizeof(struct switch_flags),
	.min_args = 1,
	.max_args = 1,
	.run = run_failover,
};

const struct command cmd_fail = {
	.name = "fail",
	.args = "CONTAINER",
	.summary = "kill the active member of a supervised service, to try a takeover",
	.doc = "Its init gets SIGKILL, as if it had crashed: that counts as a failure, and the policy decides what "
	       "follows. Returns when a member serves again. See hart-failover(7).",
	.table = { fail_rows, sizeof fail_rows / sizeof fail_rows[0], false },
	.opts_size = sizeof(struct switch_flags),
	.min_args = 1,
	.max_args = 1,
	.run = run_fail,
};

const struct command cmd_upgrade = {
	.name = "upgrade",
	.args = "CONTAINER",
	.summary = "switch a supervised service to a new bundle",
	.doc = "Builds the new bundle as another member, lets it run, and stops the old one when the new one is "
	       "ready. The old one is stopped first with --stop-first, and with --ready probe where it cannot be told which "
	       "of the two has answered the probe. Returns 0 when the new one has served and been well for 10 s (or "
	       "--window, if that is less), else an error that says why and who serves. When the new one fails within the "
	       "service's --window, the old version takes over again by itself; after that the old version is given up, and "
	       "standbys with no bundle of their own are built from the new one. See UPGRADES in hart-failover(7).",
	.table = { upgrade_rows, sizeof upgrade_rows / sizeof upgrade_rows[0], false },
	.opts_size = sizeof(struct switch_flags),
	.min_args = 1,
	.max_args = 1,
	.run = run_upgrade,
};

const struct command cmd_adopt = {
	.name = "adopt",
	.args = "CONTAINER | --all",
	.summary = "supervise a service again whose shim has died",
	.doc = "The service's members run on meanwhile. Returns when it is supervised again. With --replace the shim is alive "
	       "and executes this hart as the same process: members, sockets, clients and the fd store stay as they are. It "
	       "waits up to 10 s for a service that is switching or builds a standby. \"hart status\" shows the version of a "
	       "shim.",
	.table = { adopt_rows, sizeof adopt_rows / sizeof adopt_rows[0], false },
	.opts_size = sizeof(struct adopt_flags),
	.min_args = 0,
	.max_args = 1,
	.seal = true,
	.run = run_adopt,
};

/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_status: status of a supervised service: the shim's own JSON, or a table made of it for people. */
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/fd.h"
#include "service/api.h"
#include "statefile.h"
#include "service_call.h"
#include "standing_show.h"
#include "status_all.h"
#include "status_show.h"

struct status_flags {
	bool json;
};

static const struct opt_row rows[] = {
	OPT_FLAG(struct status_flags, json, "json", 0, "print JSON, for programs"),
};

#define END_TIMEOUT_MS 5000

/* -- without a shim -------------------------------------------------------------------------- */

static const char *or_none(const char *word, const char *none)
{
	return *word ? word : none;
}

static void print_standing(const struct container *c, const struct standing *st, bool has_ended, struct buf *out)
{
	buf_printf(out, "%s: %s (%s), generation %llu, active %s", c->state->id, or_none(st->to, "unknown"),
		   or_none(st->cause, "-"), (unsigned long long)st->generation,
		   c->state->active ? c->state->active : "-");
	if (st->status >= 0)
		buf_printf(out, ", exit status %d", st->status);
	buf_puts(out, has_ended ? "\n" : "; no shim\n");
}

static int without_shim(const struct status_flags *f, struct container *c, struct buf *out, struct err *e)
{
	struct standing st;
	int r = service_standing(c, &st, e);

	if (r < 0)
		return r;
	if (f->json)
		standing_write_json(c, &st, out);
	else
		print_standing(c, &st, !c->state->supervisor_pid, out);
	return 0;
}

static int from_shim(struct cli *cli, struct container *c, struct buf *out, struct err *e)
{
	const struct status_flags *f = cli->opts;
	struct ctl_request q = { .command = CTL_STATUS };
	char *json;
	size_t len;
	int r = ctl_call(c->dir_fd, &q, cli->arena, &json, &len, e);

	if (r < 0 || !f->json)
		return r < 0 ? r : status_show(cli->arena, json, len, out, e);
	buf_put(out, json, len);
	buf_puts(out, "\n");
	return 0;
}

/* Of a shim that does not answer any more: it is about to end. */
static void await_end(const struct container *c)
{
	_cleanup_fd_ int shim = statefile_supervisor(c->state);
	struct pollfd p = { .fd = shim, .events = POLLIN };

	if (shim >= 0)
		poll(&p, 1, END_TIMEOUT_MS);
}

static int ask(struct cli *cli, struct buf *out, bool *ret_has_shim, bool *ret_has_ended, struct err *e)
{
	struct container c;
	struct runtime rt;
	int r = service_peek(cli, &rt, &c, e);

	*ret_has_shim = *ret_has_ended = false;
	if (r < 0)
		return r;
	*ret_has_shim = container_is_supervised(&c);
	*ret_has_ended = !c.state->supervisor_pid;
	r = *ret_has_shim ? from_shim(cli, &c, out, e) : without_shim(cli->opts, &c, out, e);
	if (r < 0 && *ret_has_shim)
		await_end(&c);
	container_close(&c);
	runtime_close(&rt);
	return r;
}

static int cmd_status_show_all(struct cli *cli, struct err *e)
{
	const struct status_flags *f = cli->opts;
	_cleanup_buf_ struct buf out = BUF_INIT;
	bool is_well;
	int r = status_all(cli, f->json, &out, &is_well, e);

	if (r >= 0 && out.len)
		r = cli_print(&out, e);
	if (r >= 0 && !is_well)
		cli->status = 1;
	return r;
}

static int run_status(struct cli *cli, struct err *e)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	bool has_shim, has_ended;

	if (!cli->n_args)
		return cmd_status_show_all(cli, e);
	int r = ask(cli, &out, &has_shim, &has_ended, e);

	/* It ended while it was asked: how, it has written down. */
	if (r == -ECONNRESET || (r == -ECONNREFUSED && has_shim) || r == -EPIPE) {
		err_clear(e);
		r = ask(cli, &out, &has_shim, &has_ended, e);
	}
	if (r >= 0)
		r = cli_print(&out, e);
	if (r >= 0 && !has_shim && !has_ended)
		return err_msg(e, ECONNREFUSED, "the shim of \"%s\" has died: \"hart adopt %s\" starts "
						"another one", cli->args[0], cli->args[0]);
	return r;
}

const struct command cmd_status = {
	.name = "status",
	.args = "[CONTAINER]",
	.summary = "show the members of a supervised service and its last takeovers, or all services",
	.doc = "Asks the service's shim. When that is dead, it says how the service stood and exits with an error; after the "
	       "service's end it says how it ended. "
	       "Without CONTAINER it prints a line for each service: state, who serves and for how long, takeovers since its "
	       "shim began, and where nobody serves the next try and why; with --json a line of JSON. Exits with 0 if all is "
	       "well, else with 1. All is well when each service is active (degraded is not) and neither looping nor paused, or has "
	       "completed or been stopped.",
	.table = { rows, sizeof rows / sizeof rows[0], false },
	.opts_size = sizeof(struct status_flags),
	.min_args = 0,
	.max_args = 1,
	.run = run_status,
};

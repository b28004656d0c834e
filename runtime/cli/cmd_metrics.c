/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_metrics: metrics: figures of everything below the state root. */
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "cmd.h"
#include "metrics.h"

struct metrics_flags {
	const char *format;
};

static const struct opt_row rows[] = {
	OPT_STRING(struct metrics_flags, format, "format", 'f', "FORMAT", "openmetrics, or prometheus for its older text format",
		   .initial = "openmetrics"),
};

static int run_metrics(struct cli *cli, struct err *e)
{
	const struct metrics_flags *f = cli->opts;
	_cleanup_buf_ struct buf out = BUF_INIT;
	bool is_old = !strcmp(f->format, "prometheus");

	if (!is_old && strcmp(f->format, "openmetrics"))
		return err_msg(e, EINVAL, "--format \"%s\" is neither openmetrics nor prometheus", f->format);
	int r = metrics_write(cli, is_old ? METRICS_PROMETHEUS : METRICS_OPENMETRICS, &out, e);
	return r < 0 ? r : cli_print(&out, e);
}

const struct command cmd_metrics = {
	.name = "metrics",
	.args = "",
	.summary = "print figures of all containers and services for a monitoring system",
	.doc = "Prints OpenMetrics text: who serves, takeovers by cause and how long they took, what the budget has left, "
	       "queues of held ports, probes, and what each cgroup uses. Counts of a service begin with its shim. Waits a "
	       "second at most for a shim: the service of one that does not answer has hart_service_shim_up 0.",
	.table = { rows, sizeof rows / sizeof rows[0], false },
	.opts_size = sizeof(struct metrics_flags),
	.max_args = 0,
	.run = run_metrics,
};

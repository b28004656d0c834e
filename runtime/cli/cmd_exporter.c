/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_exporter: exporter: serves what `hart metrics` prints. */
#include "base/arena.h"
#include "base/err.h"
#include "base/fd.h"
#include "cmd.h"
#include "exporter.h"
#include "metrics.h"

struct exporter_flags {
	const char *listen;
};

static const struct opt_row rows[] = {
	OPT_STRING(struct exporter_flags, listen, "listen", 0, "ADDRESS",
		   "HOST:PORT, the host as a number, or unix:PATH", .initial = "127.0.0.1:9464"),
};

/* With memory of its own: this process stays. */
static int write_page(void *arg, bool openmetrics, struct buf *out, struct err *e)
{
	_cleanup_arena_ struct arena arena = ARENA_INIT;
	struct cli cli = *(const struct cli *)arg;

	cli.arena = &arena;
	return metrics_write(&cli, openmetrics ? METRICS_OPENMETRICS : METRICS_PROMETHEUS, out, e);
}

static int run_exporter(struct cli *cli, struct err *e)
{
	const struct exporter_flags *f = cli->opts;
	struct exporter_page page = { write_page, cli };
	_cleanup_fd_ int fd = exporter_listen(f->listen, e);

	if (fd < 0)
		return fd;
	int r = exporter_drop_rights(e);
	return r < 0 ? r : exporter_serve(fd, &page, e);
}

const struct command cmd_exporter = {
	.name = "exporter",
	.args = "",
	.summary = "serve the figures of \"hart metrics\" over HTTP",
	.doc = "Stays in the foreground and answers GET /metrics, in OpenMetrics if the reader asks for it, else in "
	       "Prometheus's older format. It has no state, answers one connection after the other, each in a bounded time, "
	       "and keeps no capability. There is no password: whoever can reach the address can read the figures. A unix "
	       "socket can be reached by its owner alone.",
	.table = { rows, sizeof rows / sizeof rows[0], false },
	.opts_size = sizeof(struct exporter_flags),
	.max_args = 0,
	.run = run_exporter,
};

/* cmd_events: events: statistics and OOM kills as JSON lines, as runc's. Takes no lock: it may run
 * as long as the container. */
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "cmd.h"
#include "json.h"
#include "observe.h"

struct events_flags {
	bool stats;
	uint64_t interval_ms;
};

static const struct opt_row rows[] = {
	OPT_FLAG(struct events_flags, stats, "stats", 0, "print the statistics once and exit"),
	OPT_DURATION(struct events_flags, interval_ms, "interval", 0, "TIME",
		     "how often to print statistics", .initial = "5s"),
};

static int print_event(struct container *c, const char *type, struct err *e)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct json_out o = { .buf = &out };

	json_begin_object(&o);
	json_key(&o, "type");
	json_string(&o, type);
	json_key(&o, "id");
	json_string(&o, c->state->id);
	if (!strcmp(type, "stats")) {
		json_key(&o, "data");
		int r = container_stats(c, &o, e);
		if (r < 0)
			return r;
	}
	json_end_object(&o);
	buf_puts(&out, "\n");
	return cli_print(&out, e);
}

/* Statistics that cannot be read are told of; a reader that is gone ends it. */
static int on_event(struct container *c, enum container_event event, void *arg, struct err *e)
{
	struct err why = ERR_INIT;
	int r = print_event(c, event == EVENT_OOM ? "oom" : "stats", &why);

	(void)arg;
	if (r == -EPIPE || r == -ENOSPC)
		return err_msg(e, -r, "%s", why.text);
	if (r < 0)
		log_error("%s", why.text);
	return 0;
}

static int events(struct container *c, const struct events_flags *f, struct err *e)
{
	enum container_status status;
	int r = container_status(c, &status, e);

	if (r < 0)
		return r;
	if (status == STATUS_STOPPED)
		return err_msg(e, ESRCH, "container with id %s is not running", c->state->id);
	return f->stats ? print_event(c, "stats", e)
			: container_watch(c, f->interval_ms, on_event, NULL, e);
}

static int run_events(struct cli *cli, struct err *e)
{
	const struct events_flags *f = cli->opts;
	struct container c = CONTAINER_INIT;
	struct runtime rt;

	if (!f->interval_ms)
		return err_msg(e, EINVAL, "duration interval must be greater than 0");
	int r = cli_open_runtime(cli, &rt, e);
	if (r < 0)
		return r;
	r = container_peek(&rt, cli->args[0], &c, e);
	if (r >= 0) {
		r = events(&c, f, e);
		container_close(&c);
	}
	runtime_close(&rt);
	return r;
}

const struct command cmd_events = {
	.name = "events",
	.args = "CONTAINER",
	.summary = "print statistics and out-of-memory kills as JSON lines",
	.doc = "Goes on until the container stops; of a supervised service, whoever serves, until that ends.",
	.table = { rows, sizeof rows / sizeof rows[0], false },
	.opts_size = sizeof(struct events_flags),
	.min_args = 1,
	.max_args = 1,
	.run = run_events,
};

/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_events: events: of a container statistics and OOM kills as JSON lines, as runc's; of services what happens to them. Takes
 * no lock: it may run for years. */
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/log.h"
#include "cmd.h"
#include "facts.h"
#include "follow.h"
#include "happening_text.h"
#include "json.h"
#include "log_time.h"
#include "observe.h"

struct events_flags {
	bool stats;
	const char *since;
	uint64_t interval_ms;
};

static const struct opt_row rows[] = {
	OPT_FLAG(struct events_flags, stats, "stats", 0, "print the statistics once and exit"),
	OPT_DURATION(struct events_flags, interval_ms, "interval", 0, "TIME",
		     "how often to print statistics", .initial = "5s"),
	OPT_STRING(struct events_flags, since, "since", 0, "TIME",
		   "begin with what has happened to services since then: a time ago (10m), or in UTC "
		   "(2026-11-23T09:00:00Z, or its beginning)"),
};

struct events {
	struct cli *cli;
	const struct events_flags *f;
	const char *since; /* as log_time has it */
	struct follow follow;
};

static void cmd_events_begin(struct json_out *o, const char *type, const char *id)
{
	json_begin_object(o);
	json_put_string(o, "type", type);
	json_put_string(o, "id", id);
}

static int print_event(struct container *c, const char *type, struct err *e)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct json_out o = { .buf = &out };

	cmd_events_begin(&o, type, c->state->id);
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

/* -- of services ------------------------------------------------------------------------------ */

/* A line of its journal; one that is not whole, or another service's, is passed over. */
static int on_line(const char *id, const char *text, size_t len, void *arg, struct err *e)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct json_out o = { .buf = &out };
	const struct events *ev = arg;
	struct err ignored = ERR_INIT;
	struct facts facts;

	if (facts_read(&facts, &a, text, len, &ignored) < 0)
		return 0;
	if (!happening_is_wanted(&facts, id, ev->since, NULL))
		return 0;
	const char *type = facts_get(&facts, "event");
	cmd_events_begin(&o, type ? type : "transition", id);
	buf_puts(&out, ",\"data\":");
	buf_put(&out, text, len);
	json_end_object(&o);
	buf_puts(&out, "\n");
	return cli_print(&out, e);
}

static int follow_all(struct events *ev, struct err *e)
{
	int r = follow_open(&ev->follow, ev->since, e);

	while (r >= 0)
		r = follow_wait(&ev->follow, e);
	follow_close(&ev->follow);
	return r;
}

/* -- of one ---------------------------------------------------------------------------------- */

/* Statistics that cannot be read are told of; a reader that is gone ends it. */
static int on_event(struct container *c, enum container_event event, void *arg, struct err *e)
{
	struct events *ev = arg;
	struct err why = ERR_INIT;

	if (event == EVENT_READABLE) {
		int r = follow_round(&ev->follow, e);
		return r < 0 ? r : follow_is_over(&ev->follow);
	}
	int r = print_event(c, event == EVENT_OOM ? "oom" : "stats", &why);
	if (r == -EPIPE || r == -ENOSPC)
		return err_msg(e, -r, "%s", why.text);
	if (r < 0)
		log_error("%s", why.text);
	return 0;
}

static int cmd_events_watch(struct events *ev, struct container *c, struct err *e)
{
	struct container_watching w = { .interval_ms = ev->f->interval_ms, .also_fd = FD_NONE, .fn = on_event, .arg = ev };

	if (!container_is_service(c))
		return container_watch(c, &w, e);
	ev->follow.only = c->state->id;
	int r = follow_open(&ev->follow, ev->since, e);
	w.also_fd = ev->follow.inotify;
	if (r >= 0)
		r = container_watch(c, &w, e);
	follow_close(&ev->follow);
	return r;
}

static int events_of(struct events *ev, struct container *c, struct err *e)
{
	enum container_status status;
	int r = container_status(c, &status, e);

	if (r < 0)
		return r;
	if (status == STATUS_STOPPED)
		return err_msg(e, ESRCH, "container with id %s is not running", c->state->id);
	return ev->f->stats ? print_event(c, "stats", e) : cmd_events_watch(ev, c, e);
}

static int events(struct events *ev, struct runtime *rt, struct err *e)
{
	struct container c = CONTAINER_INIT;

	ev->follow = (struct follow){ .rt = rt, .inotify = FD_NONE, .line = on_line, .arg = ev };
	if (!ev->cli->n_args)
		return follow_all(ev, e);
	int r = container_peek(rt, ev->cli->args[0], &c, e);
	if (r >= 0)
		r = events_of(ev, &c, e);
	container_close(&c);
	return r;
}

static int run_events(struct cli *cli, struct err *e)
{
	struct events ev = { .cli = cli, .f = cli->opts };
	struct runtime rt;

	if (!ev.f->interval_ms)
		return err_msg(e, EINVAL, "duration interval must be greater than 0");
	if (ev.f->stats && !cli->n_args)
		return err_msg(e, EINVAL, "--stats is for one container");
	int r = log_time_parse(cli->arena, "since", ev.f->since, &ev.since, e);
	if (r >= 0)
		r = cli_open_runtime(cli, &rt, e);
	if (r < 0)
		return r;
	r = events(&ev, &rt, e);
	runtime_close(&rt);
	return r;
}

const struct command cmd_events = {
	.name = "events",
	.args = "[CONTAINER]",
	.summary = "print what happens to services, or to one container, as JSON lines",
	.doc = "Without CONTAINER it prints what happens to all services of the state root, those included that come later, "
	       "until you end it. Of a container it prints statistics and out-of-memory kills until the container stops; of a "
	       "supervised service also what happens to that, over takeovers and the death of its shim, until it ends. A "
	       "line has a type (stats, oom, or one of EVENTS in hart-failover(7)), an id and data.",
	.table = { rows, sizeof rows / sizeof rows[0], false },
	.opts_size = sizeof(struct events_flags),
	.min_args = 0,
	.max_args = 1,
	.run = run_events,
};

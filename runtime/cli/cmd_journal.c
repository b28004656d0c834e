/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_journal: journal: what happened to a supervised service, and why, for people. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/fd.h"
#include "facts.h"
#include "follow.h"
#include "happening_text.h"
#include "log_time.h"
#include "service_call.h"

struct journal_flags {
	const char *since, *until;
	bool json, follow;
};

static const struct opt_row rows[] = {
	OPT_STRING(struct journal_flags, since, "since", 0, "TIME",
		   "from then on: a time ago (10m), or in UTC (2026-11-23T09:00:00Z, or its beginning)"),
	OPT_STRING(struct journal_flags, until, "until", 0, "TIME", "up to then, that day or minute included"),
	OPT_FLAG(struct journal_flags, follow, "follow", 'f', "go on with what happens from now on"),
	OPT_FLAG(struct journal_flags, json, "json", 0, "print the records as they are: JSON, one a line"),
};

struct showing {
	const char *since, *until; /* as log_time has them */
	bool json;
	const char *id;
};

/* What is not whole (a power cut, a full disk) is passed over. */
static int on_cmd_journal_line(const char *id, const char *text, size_t len, void *arg, struct err *e)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	_cleanup_buf_ struct buf out = BUF_INIT;
	const struct showing *s = arg;
	struct err ignored = ERR_INIT;
	struct facts facts;

	(void)id;
	if (facts_read(&facts, &a, text, len, &ignored) < 0 || !happening_is_wanted(&facts, s->id, s->since, s->until))
		return 0;
	if (!s->json) {
		happening_text(&facts, &out);
	} else {
		buf_put(&out, text, len);
		buf_puts(&out, "\n");
	}
	return cli_print(&out, e);
}

static int cmd_journal_show(struct runtime *rt, struct showing *s, bool goes_on, struct err *e)
{
	struct follow f = { .rt = rt, .only = s->id, .inotify = FD_NONE, .line = on_cmd_journal_line, .arg = s };
	int r = follow_open(&f, true, e);

	while (r >= 0 && goes_on && !follow_is_over(&f))
		r = follow_wait(&f, e);
	follow_close(&f);
	return r < 0 ? r : 0;
}

static int run_journal(struct cli *cli, struct err *e)
{
	const struct journal_flags *f = cli->opts;
	struct showing s = { .json = f->json };
	struct container c;
	struct runtime rt;
	int r = log_time_parse(cli->arena, "since", f->since, &s.since, e);

	if (r >= 0)
		r = log_time_parse(cli->arena, "until", f->until, &s.until, e);
	if (r >= 0)
		r = service_peek(cli, &rt, &c, e);
	if (r < 0)
		return r;
	s.id = c.state->id;
	r = cmd_journal_show(&rt, &s, f->follow, e);
	container_close(&c);
	runtime_close(&rt);
	return r;
}

const struct command cmd_journal = {
	.name = "journal",
	.args = "CONTAINER",
	.summary = "show what happened to a supervised service, and why",
	.doc = "Prints a line for each event: when (UTC), what, to which member, and for what cause; hart-failover(7) has the "
	       "words. With --follow it goes on as things happen; \"hart events\" does so for all services.",
	.table = { rows, sizeof rows / sizeof rows[0], false },
	.opts_size = sizeof(struct journal_flags),
	.min_args = 1,
	.max_args = 1,
	.run = run_journal,
};

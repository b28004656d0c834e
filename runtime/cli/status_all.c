/* status_all: see status_all.h. */
#include "status_all.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "cmd.h"
#include "service/api.h"
#include "standing_show.h"
#include "survey.h"

struct all {
	struct buf *out;
	bool json, well;
};

static bool is_on(const struct facts *f, const char *path)
{
	const char *value = facts_get(f, "%s", path);

	return value && !strcmp(value, "1");
}

static const char *or_dash(const char *text)
{
	return text ? text : "-";
}

/* "3d4h", "5h20m", "7m12s", "9s" */
static void put_time(struct buf *out, const char *ms)
{
	static const struct {
		long long s;
		char letter;
	} units[] = { { 86400, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' } };
	struct buf text = BUF_INIT;
	long long s = ms ? strtoll(ms, NULL, 10) / 1000 : -1;
	int i = 0;

	while (i < 3 && s < units[i].s)
		i++;
	if (s < 0)
		buf_puts(&text, "-");
	else
		buf_printf(&text, "%lld%c", s / units[i].s, units[i].letter);
	if (s >= 0 && i < 3)
		buf_printf(&text, "%lld%c", s % units[i].s / units[i + 1].s, units[i + 1].letter);
	buf_printf(out, "%-10s ", text.failed ? "-" : text.data);
	out->failed |= text.failed;
	buf_free(&text);
}

/* What a person should know of it, beside its state. */
static void put_note(struct buf *out, const struct facts *f)
{
	const char *ms = facts_get(f, "waiting.ms"), *gap = "";

	if (is_on(f, "looping")) {
		buf_puts(out, "looping: it is never well for long");
		gap = ", ";
	}
	if (is_on(f, "paused")) {
		buf_printf(out, "%spaused", gap);
		gap = ", ";
	}
	if (ms)
		buf_printf(out, "%snext try in %s ms by %s: %s", gap, ms, or_dash(facts_get(f, "waiting.member")),
			   or_dash(facts_get(f, "waiting.why")));
	else if (!*gap)
		buf_printf(out, "last: %s", or_dash(facts_get(f, "cause")));
	buf_puts(out, "\n");
}

static void put_answer(struct all *all, const struct survey *s)
{
	const struct facts *f = &s->facts;
	const char *state = or_dash(facts_get(f, "state")), *takeovers = facts_get(f, "takeoverTimes.n");
	bool is_active = !strcmp(state, "active");

	all->well &= is_active && !is_on(f, "looping") && !is_on(f, "paused");
	if (all->json) {
		buf_put(all->out, s->json, s->json_len);
		buf_puts(all->out, "\n");
		return;
	}
	buf_printf(all->out, "%-20s %-11s %-12s ", s->c->state->id, state,
		   is_active || !strcmp(state, "degraded") ? or_dash(facts_get(f, "active")) : "-");
	put_time(all->out, facts_get(f, "servesForMs"));
	buf_printf(all->out, "%-9s ", takeovers ? takeovers : "-");
	put_note(all->out, f);
}

/* It has ended, or nobody answers for it. */
static void put_standing(struct all *all, const struct survey *s)
{
	const struct standing *st = s->standing;
	bool has_ended = !s->is_lost && !s->why;

	all->well &= has_ended && (!strcmp(st->to, "stopped") || !strcmp(st->to, "completed"));
	if (all->json) {
		standing_write_json(s->c, st, all->out);
		return;
	}
	buf_printf(all->out, "%-20s %-11s %-12s %-10s %-9s ", s->c->state->id, *st->to ? st->to : "unknown", "-", "-", "-");
	if (s->why)
		buf_printf(all->out, "its shim does not answer: %s\n", s->why);
	else if (s->is_lost)
		buf_printf(all->out, "its shim has died: \"hart adopt %s\"\n", s->c->state->id);
	else
		buf_printf(all->out, "it has ended: %s, exit status %d\n", *st->cause ? st->cause : "-", st->status);
}

static int on_container(const struct survey *s, void *arg)
{
	if (s->answered)
		put_answer(arg, s);
	else if (s->is_service)
		put_standing(arg, s);
	return 0;
}

int status_all(struct cli *cli, bool json, struct buf *out, bool *ret_well, struct err *e)
{
	struct all all = { out, json, true };

	if (!json)
		buf_printf(out, "%-20s %-11s %-12s %-10s %-9s %s\n", "ID", "STATE", "SERVES", "SINCE", "TAKEOVERS", "NOTE");
	int r = survey_each(cli, on_container, &all, e);
	*ret_well = all.well;
	return r;
}

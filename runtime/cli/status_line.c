/* SPDX-License-Identifier: Apache-2.0 */
/* status_line: see status_line.h. */
#include "status_line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "service/api.h"
#include "survey.h"

static bool is_on(const struct facts *f, const char *path)
{
	const char *value = facts_get(f, "%s", path);

	return value && !strcmp(value, "1");
}

static const char *or_dash(const char *text)
{
	return text ? text : "-";
}

void status_put_since(struct buf *out, const char *ms)
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
}

static void of_answer(const struct survey *s, struct status_line *l, struct buf *note)
{
	const struct facts *f = &s->facts;
	const char *takeovers = facts_get(f, "takeoverTimes.n");

	l->state = or_dash(facts_get(f, "state"));
	bool is_active = !strcmp(l->state, "active");
	l->is_well = is_active && !is_on(f, "looping") && !is_on(f, "paused");
	l->serves = is_active || !strcmp(l->state, "degraded") ? or_dash(facts_get(f, "active")) : "-";
	l->since_ms = facts_get(f, "servesForMs");
	l->takeovers = or_dash(takeovers);
	put_note(note, f);
}

/* It has ended, or nobody answers for it. */
static void of_standing(const struct survey *s, struct status_line *l, struct buf *note)
{
	const struct standing *st = s->standing;
	bool has_ended = !s->is_lost && !s->why;

	l->is_well = has_ended && (!strcmp(st->to, "stopped") || !strcmp(st->to, "completed"));
	l->state = *st->to ? st->to : "unknown";
	if (s->why)
		buf_printf(note, "its shim does not answer: %s", s->why);
	else if (s->is_lost)
		buf_printf(note, "its shim has died: \"hart adopt %s\"", s->c->state->id);
	else
		buf_printf(note, "it has ended: %s, exit status %d", *st->cause ? st->cause : "-", st->status);
}

void status_line_of(const struct survey *s, struct status_line *ret)
{
	struct buf note = BUF_INIT;

	*ret = (struct status_line){ .serves = "-", .takeovers = "-", .is_well = true };
	if (s->answered)
		of_answer(s, ret, &note);
	else if (s->is_service)
		of_standing(s, ret, &note);
	else
		ret->state = state_status_name(s->status);
	if (note.len)
		snprintf(ret->note, sizeof ret->note, "%s", note.data);
	ret->failed = note.failed;
	buf_free(&note);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* standing: writes down where the service stands (record/standing.h), transition by transition. */
#include <stdio.h>
#include <string.h>

#include "base/durable.h"
#include "base/err.h"
#include "base/log.h"
#include "loop/loop.h"
#include "service/record.h"

static void keep_word(char to[STANDING_WORD_MAX], const char *word)
{
	snprintf(to, STANDING_WORD_MAX, "%s", word ? word : "");
}

/* The file was reserved when it was made: it can fail by a broken disk alone. */
static void standing_check(const struct record *r, int result)
{
	if (result < 0)
		log_warn("%s: write %s: %s", r->id, STANDING_FILE, strerror(-result));
}

static void sync_standing(const struct record *r)
{
	struct err e = ERR_INIT;

	if (durable_sync_file(r->standing_fd, STANDING_FILE, &e) < 0)
		log_warn("%s: %s", r->id, e.text);
}

static bool is_as_written(const struct standing_member *a, const struct machine_member *mm)
{
	return a->began_ms == mm->starts.began_ms && a->interval_ms == mm->starts.interval_ms &&
	       a->restarts == mm->restarts && a->failed == mm->failed;
}

static void write_pasts(struct record *r, const struct machine *m)
{
	for (int i = 0; i < m->n_members; i++) {
		const struct machine_member *mm = &m->members[i];
		struct standing_member *past = &r->standing.members[i];
		if (is_as_written(past, mm))
			continue;
		*past = (struct standing_member){ mm->starts.began_ms, mm->starts.interval_ms, mm->restarts, mm->failed };
		standing_check(r, standing_write_member(r->standing_fd, &r->standing, (unsigned)i));
	}
}

static void write_down(struct record *r, const struct machine *m)
{
	r->standing.failures_in_a_row = m->failures_in_a_row;
	standing_check(r, standing_write(r->standing_fd, &r->standing));
	write_pasts(r, m);
}

void record_stands_at_start(struct record *r, const struct machine *m)
{
	r->standing = (struct standing){ .status = -1 };
	keep_word(r->standing.to, machine_state_name(SERVICE_STARTING));
	keep_word(r->standing.cause, machine_cause_name(CAUSE_START));
	write_down(r, m);
}

void record_stands(struct record *r, const struct machine *m, const struct transition *t, const char *member, int status)
{
	struct standing *st = &r->standing;
	const struct machine_action *a = &t->action;

	if (a->to == SERVICE_FENCING && machine_cause_is_failure(a->cause))
		standing_check(r, standing_fail(r->standing_fd, st, loop_now_ns()));
	keep_word(st->to, machine_state_name(a->to));
	keep_word(st->cause, machine_cause_name(a->cause));
	keep_word(st->member, member);
	st->generation = t->generation;
	st->status = status;
	st->served |= a->to == SERVICE_ACTIVE || a->to == SERVICE_DEGRADED;
	write_down(r, m);
	/* That it is to end, or has ended, outlives a power cut; who serves then does not. */
	if (r->on_disk && (a->to == SERVICE_STOPPING || machine_is_over(m)))
		sync_standing(r);
}

void record_stands_at_end(struct record *r, const struct machine *m, int status)
{
	r->standing.status = status;
	write_down(r, m);
	if (r->on_disk)
		sync_standing(r);
}

/* service/standing: writes down where the service stands (record/standing.h), transition by transition. */
#include <stdio.h>
#include <string.h>

#include "base/durable.h"
#include "base/err.h"
#include "base/log.h"
#include "service/parts.h"

static void keep_word(char to[STANDING_WORD_MAX], const char *word)
{
	snprintf(to, STANDING_WORD_MAX, "%s", word ? word : "");
}

/* The file was reserved when it was made: it can fail by a broken disk alone. */
static void standing_check(const struct service *s, int r)
{
	if (r < 0)
		log_warn("%s: write %s: %s", s->id, STANDING_FILE, strerror(-r));
}

static void sync_standing(const struct service *s)
{
	struct err e = ERR_INIT;

	if (durable_sync_file(s->record.standing_fd, STANDING_FILE, &e) < 0)
		log_warn("%s: %s", s->id, e.text);
}

static bool is_as_written(const struct standing_member *a, const struct machine_member *mm)
{
	return a->began_ms == mm->starts.began_ms && a->interval_ms == mm->starts.interval_ms &&
	       a->restarts == mm->restarts && a->failed == mm->failed;
}

static void write_pasts(struct service *s)
{
	for (int i = 0; i < s->machine.n_members; i++) {
		const struct machine_member *mm = &s->machine.members[i];
		struct standing_member *past = &s->record.standing.members[i];
		if (is_as_written(past, mm))
			continue;
		*past = (struct standing_member){ mm->starts.began_ms, mm->starts.interval_ms, mm->restarts, mm->failed };
		standing_check(s, standing_write_member(s->record.standing_fd, &s->record.standing, (unsigned)i));
	}
}

static void write_down(struct service *s)
{
	s->record.standing.failures_in_a_row = s->machine.failures_in_a_row;
	standing_check(s, standing_write(s->record.standing_fd, &s->record.standing));
	write_pasts(s);
}

void service_stands_at_start(struct service *s)
{
	s->record.standing = (struct standing){ .status = -1 };
	keep_word(s->record.standing.to, machine_state_name(SERVICE_STARTING));
	keep_word(s->record.standing.cause, machine_cause_name(CAUSE_START));
	write_down(s);
}

void service_stands(struct service *s, const struct transition *t, const char *member, int status)
{
	struct standing *st = &s->record.standing;
	const struct machine_action *a = &t->action;

	if (a->to == SERVICE_FENCING && machine_cause_is_failure(a->cause))
		standing_check(s, standing_fail(s->record.standing_fd, st, loop_now_ns()));
	keep_word(st->to, machine_state_name(a->to));
	keep_word(st->cause, machine_cause_name(a->cause));
	keep_word(st->member, member);
	st->generation = t->generation;
	st->status = status;
	st->served |= a->to == SERVICE_ACTIVE || a->to == SERVICE_DEGRADED;
	write_down(s);
	/* That it is to end, or has ended, outlives a power cut; who serves then does not. */
	if (s->record.on_disk && (a->to == SERVICE_STOPPING || machine_is_over(&s->machine)))
		sync_standing(s);
}

void service_stands_at_end(struct service *s)
{
	s->record.standing.status = s->outcome.status;
	write_down(s);
	if (s->record.on_disk)
		sync_standing(s);
}

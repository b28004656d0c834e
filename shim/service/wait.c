/* SPDX-License-Identifier: Apache-2.0 */
/* service/wait: everybody who waits to be told: the command that started it, who asked for a switch, the engine. */
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/log.h"
#include "pidfile.h"
#include "service/last_words.h"
#include "service/parts.h"

void waiters_init(struct waiters *w)
{
	w->caller_fd = FD_NONE;
}

void service_tell_caller(struct service *s, const struct err *e)
{
	if (s->waiters.caller_fd < 0)
		return;
	if (write(s->waiters.caller_fd, e, sizeof *e) < 0)
		log_debug("%s: the command that started it is gone", s->id);
	fd_close(&s->waiters.caller_fd);
}

void service_tell_ready(struct service *s)
{
	struct err none = ERR_INIT;

	service_tell_caller(s, &none);
}

void service_note(struct service *s, pid_t pid)
{
	struct service_note note = { .pid = pid };

	if (s->ends.notes_fd < 0 || send(s->ends.notes_fd, &note, sizeof note, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0)
		return;
	/* One that has that much unread will hear of the next. */
	if (errno != EAGAIN)
		s->ends.notes_fd = FD_NONE; /* nobody listens any more */
}

/* A switch is over when the service is active again, by another generation or, if it failed, the old. */
void service_answer_switch(struct service *s, const struct machine_action *a)
{
	struct ctl_connection *c = s->waiters.switcher;
	bool over = machine_is_over(&s->machine);

	if (!c || (!over && a->to != SERVICE_ACTIVE && a->to != SERVICE_DEGRADED) ||
	    (!over && a->from == a->to))
		return;
	if (!over && (a->from == SERVICE_ACTIVE || a->from == SERVICE_DEGRADED))
		return; /* a standby came or went */
	s->waiters.switcher = NULL;
	if (over) {
		ctl_refuse_why(c, ECANCELED, "the service has ended");
	} else if (s->machine.active == s->waiters.was_active) {
		ctl_refuse_why(c, EIO, "the switch failed: the one before serves on; see hart status and the "
			       "journal");
	} else {
		service_save_now(s);
		service_answer_status(s, c);
	}
}

void service_answer_start(struct service *s)
{
	struct ctl_connection *c = s->waiters.starter;

	s->waiters.starter = NULL;
	if (c && s->outcome.failure.code)
		ctl_refuse(c, &s->outcome.failure);
	else if (c)
		service_answer_status(s, c);
}

void service_is_up(struct service *s)
{
	struct err e = ERR_INIT;

	service_save_now(s);
	if (s->waiters.pid_file && !service_has_standin(s) &&
	    pidfile_write(s->waiters.pid_file, s->members[s->machine.active].pid, &e) < 0)
		service_warn(s, NULL, &e);
	service_tell_ready(s);
	manager_tell(&s->manager, &s->machine, s->members[s->machine.active].name, s->generation);
	service_answer_start(s);
}

/* -- why it never was, for the command that waits for it ------------------------------------------ */

void service_note_failure(struct service *s, const struct machine_action *a)
{
	/* What follows a failure has its cause, but no status. */
	if ((a->to != SERVICE_FENCING && a->to != SERVICE_STOPPING) || !machine_cause_is_failure(a->cause))
		return;
	s->outcome.last_failure = *a;
}

static void put_last_words(const struct service *s, const char *what, struct err *e)
{
	const struct machine_action *failure = &s->outcome.last_failure;
	const struct last_words words = { failure, &s->members[failure->member < 0 ? 0 : failure->member], &s->record.log };

	last_words_put(&words, what, e);
}

/* Once: without a budget it is tried for ever, and the command that waits for it has to know. */
void service_say_trying(struct service *s, const struct machine_action *a)
{
	const struct service_outcome *so_far = &s->outcome;
	struct err e = ERR_INIT;

	if (a->to != SERVICE_PROMOTING || s->waiters.caller_fd < 0 || s->waiters.told_trying || so_far->was_up ||
	    !so_far->last_failure.cause)
		return;
	s->waiters.told_trying = true;
	put_last_words(s, "the service is not ready yet and is tried again", &e);
	e.code = EAGAIN;
	if (write(s->waiters.caller_fd, &e, sizeof e) < 0)
		log_debug("%s: the command that started it is gone", s->id);
}

void service_last_words(struct service *s)
{
	if (s->waiters.caller_fd >= 0 && !s->outcome.was_up && !s->hold.was_created)
		put_last_words(s, "the service did not become ready", &s->outcome.failure);
}

/*
 * service/last_words: for the command that waits for a detached service which never became active: why not, and the
 * last that its members wrote, before the log goes with the folder.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/log.h"
#include "service/parts.h"

#define LINES_MAX 6
#define TAIL_BYTES 600 /* with the reason they have to fit into a struct err */

void service_note_failure(struct service *s, const struct machine_action *a)
{
	/* What follows a failure has its cause, but no status. */
	if ((a->to != SERVICE_FENCING && a->to != SERVICE_STOPPING) || !machine_cause_is_failure(a->cause))
		return;
	s->outcome.last_failure = *a;
}

static void last_words_describe(const struct service *s, struct err *e)
{
	const struct machine_action *a = &s->outcome.last_failure;
	const struct member *m = &s->members[a->member < 0 ? 0 : a->member];
	char what[64];

	machine_cause_describe(a->cause, a->status, what, sizeof what);
	if (m->why[0])
		err_msg(e, EIO, "%s: %s", m->name, m->why);
	else if (machine_cause_has_status(a->cause))
		err_msg(e, EIO, "%s %s %s", m->name, a->cause == CAUSE_SIGNAL ? "was" : "ended with", what);
	else
		err_msg(e, EIO, "%s: %s", m->name, what);
}

/* The end of the log, at most `size` bytes of it; how many. */
static size_t read_tail(const struct service *s, char *text, size_t size)
{
	const struct logfile *log = &s->record.log;
	_cleanup_fd_ int fd = log->fd < 0 ? FD_NONE
					  : openat(log->dir_fd, log->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return 0;
	off_t from = st.st_size > (off_t)size ? st.st_size - (off_t)size : 0;
	ssize_t n = pread(fd, text, size, from);
	return n > 0 ? (size_t)n : 0;
}

/* A record's text, behind TIME STREAM MEMBER GENERATION. */
static const char *text_of(const char *line, const char *end)
{
	for (int words = 0; words < 4 && line; words++) {
		line = memchr(line, ' ', (size_t)(end - line));
		line = line ? line + 1 : NULL;
	}
	return line;
}

static void append_line(struct err *e, const char *line, const char *end)
{
	size_t len = strlen(e->text);

	len += (size_t)snprintf(e->text + len, sizeof e->text - len, "\n  ");
	for (; line < end && len + 1 < sizeof e->text; line++) /* a terminal is to obey none of it */
		e->text[len++] = (unsigned char)*line < 0x20 || *line == 0x7f ? '?' : *line;
	e->text[len] = '\0';
}

static void append_output(const struct service *s, struct err *e)
{
	char text[TAIL_BYTES];
	size_t len = read_tail(s, text, sizeof text);
	const char *start = text + len;

	for (int n = 0; n < LINES_MAX && start > text; n++) {
		const char *before = memrchr(text, '\n', (size_t)(start - text) - 1);
		if (!before && start - text > 1 && len == sizeof text)
			break; /* its beginning is cut off */
		start = before ? before + 1 : text;
	}
	if (start == text + len)
		return;
	snprintf(e->text + strlen(e->text), sizeof e->text - strlen(e->text), "; the last output:");
	for (const char *end; (end = memchr(start, '\n', (size_t)(text + len - start))); start = end + 1) {
		const char *line = text_of(start, end);
		if (line)
			append_line(e, line, end);
	}
}

/* Once: without a budget it is tried for ever, and whoever waits for it has to know. */
void service_say_trying(struct service *s, const struct machine_action *a)
{
	const struct service_outcome *so_far = &s->outcome;
	struct err e = ERR_INIT;

	if (a->to != SERVICE_PROMOTING || s->waiters.caller_fd < 0 || s->waiters.told_trying || so_far->was_up ||
	    !so_far->last_failure.cause)
		return;
	s->waiters.told_trying = true;
	last_words_describe(s, &e);
	err_in(&e, "the service is not ready yet and is tried again");
	append_output(s, &e);
	e.code = EAGAIN;
	if (write(s->waiters.caller_fd, &e, sizeof e) < 0)
		log_debug("%s: whoever started it is gone", s->id);
}

void service_last_words(struct service *s)
{
	if (s->waiters.caller_fd < 0 || s->outcome.was_up || s->hold.was_created)
		return;
	if (s->outcome.last_failure.cause)
		last_words_describe(s, &s->outcome.failure);
	if (!s->outcome.failure.code)
		return;
	err_in(&s->outcome.failure, "the service did not become ready");
	append_output(s, &s->outcome.failure);
}

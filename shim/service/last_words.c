/* SPDX-License-Identifier: Apache-2.0 */
/* last_words: see last_words.h. */
#include "service/last_words.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "machine/machine.h"
#include "record/logpipe.h"
#include "service/member.h"

#define LINES_MAX 6
#define TAIL_BYTES 600 /* with the reason they have to fit into a struct err */

static void describe(const struct machine_action *a, const struct member *m, struct err *e)
{
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
static size_t read_tail(const struct logfile *log, char *text, size_t size)
{
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

static void append_output(const struct logfile *log, struct err *e)
{
	char text[TAIL_BYTES];
	size_t len = read_tail(log, text, sizeof text);
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

void last_words_put(const struct last_words *w, const char *what, struct err *e)
{
	if (w->failure->cause)
		describe(w->failure, w->member, e);
	if (!e->code)
		return;
	err_in(e, "%s", what);
	append_output(w->log, e);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* journal: see journal.h. The writer builds its line in a buffer on the stack. */
#include "record/journal.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/io.h"
#include "record/rotate.h"
#include "utf8.h"

#define LINE_MAX_BYTES (12 * JOURNAL_TEXT_MAX) /* every byte of the text may need an escape of 6; an ID is as long */

#define OLD_NAME_MAX 4096
#define JOURNAL_MODE 0600
#define UTF8_MAX 4 /* bytes of a sequence */

int journal_open(struct journal *j, int dir_fd, const char *name, int64_t max_bytes, struct err *e)
{
	struct stat st;

	*j = (struct journal){ .dir_fd = dir_fd, .name = name, .fd = FD_NONE, .max_bytes = max_bytes };
	int fd = io_open_log(dir_fd, name, JOURNAL_MODE);
	if (fd == -EINVAL)
		return err_msg(e, EINVAL, "the journal is not a regular file");
	if (fd < 0)
		return err_set(e, -fd, "open the journal");
	j->fd = fd;
	j->size = fstat(fd, &st) == 0 ? st.st_size : 0;
	return 0;
}

void journal_close(struct journal *j)
{
	fd_close(&j->fd);
}

struct line {
	char text[LINE_MAX_BYTES];
	size_t len;
};

static void __attribute__((format(printf, 2, 3))) put(struct line *l, const char *fmt, ...)
{
	va_list ap;
	size_t left = sizeof l->text - l->len;

	va_start(ap, fmt);
	int n = vsnprintf(l->text + l->len, left, fmt, ap);
	va_end(ap);
	if (n > 0)
		l->len += (size_t)n < left ? (size_t)n : left - 1;
}

/* What is not UTF-8 is said to be something else; what is, and was cut by our own limit, is left out. */
static size_t put_foreign(struct line *l, const char *value, size_t left)
{
	if (left < UTF8_MAX && value[left] && utf8_sequence(value, left + strnlen(value + left, UTF8_MAX)))
		return left;
	put(l, "\\ufffd");
	return 1;
}

static void journal_put_string(struct line *l, const char *key, const char *value)
{
	if (!value)
		return;
	size_t len = strnlen(value, JOURNAL_TEXT_MAX);

	put(l, ",\"%s\":\"", key);
	for (size_t i = 0, n; i < len; i += n) {
		unsigned char c = (unsigned char)value[i];
		n = utf8_sequence(value + i, len - i);
		if (c == '"' || c == '\\')
			put(l, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			put(l, "\\u%04x", c);
		else if (n)
			put(l, "%.*s", (int)n, value + i);
		else
			n = put_foreign(l, value + i, len - i);
	}
	put(l, "\"");
}

/* When it cannot be done (no descriptors, say), the one there is grows on. */
static void journal_rotate(struct journal *j)
{
	char old[OLD_NAME_MAX];

	snprintf(old, sizeof old, "%s.1", j->name);
	if (rotate_names(j->dir_fd, j->name, 1) < 0)
		return;
	int fd = io_open_log(j->dir_fd, j->name, JOURNAL_MODE);
	if (fd < 0) {
		renameat(j->dir_fd, old, j->dir_fd, j->name);
		return;
	}
	fd_close(&j->fd);
	j->fd = fd;
	j->size = 0;
	j->torn = false;
}

static int journal_append(struct journal *j, const struct line *l)
{
	if (j->max_bytes && j->size + (int64_t)l->len > j->max_bytes)
		journal_rotate(j);
	/* What a full disk has cut off ends with a line of its own. */
	size_t skip = !j->torn, len = l->len - skip;
	ssize_t n = write(j->fd, l->text + skip, len);

	if (n > 0)
		j->size += n;
	if (n == (ssize_t)len) {
		j->torn = false;
		return 0;
	}
	j->torn |= n > 0;
	j->last_errno = n < 0 ? errno : ENOSPC;
	j->lost++;
	return -j->last_errno;
}

int journal_write(struct journal *j, const struct journal_record *r)
{
	struct line l = { .len = 0 };
	struct timespec wall, mono;
	char time[CLOCK_TEXT_SIZE];

	if (j->fd < 0)
		return -EBADF;
	clock_gettime(CLOCK_REALTIME, &wall);
	clock_gettime(CLOCK_MONOTONIC, &mono);
	clock_format_utc(&wall, time);
	put(&l, "\n{\"time\":\"%s\",\"ns\":%lld,\"generation\":%llu", time,
	    mono.tv_sec * 1000000000LL + mono.tv_nsec, (unsigned long long)r->generation);
	journal_put_string(&l, "id", r->id);
	journal_put_string(&l, "event", r->event);
	journal_put_string(&l, "member", r->member);
	journal_put_string(&l, "from", r->from);
	journal_put_string(&l, "to", r->to);
	journal_put_string(&l, "cause", r->cause);
	journal_put_string(&l, "instead", r->instead);
	if (r->instead)
		put(&l, ",\"us\":%lld", r->us);
	if (r->status >= 0)
		put(&l, ",\"status\":%d", r->status);
	journal_put_string(&l, "text", r->text);
	put(&l, "}\n");
	return journal_append(j, &l);
}

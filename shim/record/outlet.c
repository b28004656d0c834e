/* SPDX-License-Identifier: Apache-2.0 */
/* outlet: see outlet.h. */
#include "record/outlet.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "record/journal.h"

#define NAME "hart"

struct text {
	char v[4 * JOURNAL_TEXT_MAX];
	size_t len;
};

static void __attribute__((format(printf, 2, 3))) put(struct text *t, const char *fmt, ...)
{
	size_t left = sizeof t->v - t->len;
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(t->v + t->len, left, fmt, ap);
	va_end(ap);
	if (n > 0)
		t->len += (size_t)n < left ? (size_t)n : left - 1;
}

/* A line stays one: what members say is in it. */
static void put_line(struct text *t, const char *value)
{
	size_t n = strnlen(value, JOURNAL_TEXT_MAX);

	for (size_t i = 0; i < n && t->len < sizeof t->v - 1; i++)
		t->v[t->len++] = (unsigned char)value[i] < ' ' || value[i] == 0x7f ? ' ' : value[i];
}

static void put_sentence(struct text *t, const char *id, const struct journal_record *r)
{
	put(t, "%s: %s", id, r->event);
	if (r->member)
		put(t, ": %s, generation %llu", r->member, (unsigned long long)r->generation);
	if (r->instead)
		put(t, ", in the place of %s after %lld us", r->instead, r->us);
	if (r->cause)
		put(t, ": %s", r->cause);
	if (r->status >= 0)
		put(t, ", status %d", r->status);
	if (r->text) {
		put(t, ": ");
		put_line(t, r->text);
	}
}

static int priority(const struct journal_record *r)
{
	static const char *const bad[] = { "failed", "looping", "stuck", "exhausted", "switch-failed", "rolled-back", "warning" };

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (!strcmp(r->event, bad[i]))
			return LOG_WARNING;
	return LOG_INFO;
}

static void write_syslog(struct text *t, const char *id, const struct journal_record *r)
{
	time_t now = time(NULL);
	struct tm tm;
	char stamp[24];

	localtime_r(&now, &tm);
	strftime(stamp, sizeof stamp, "%b %e %T", &tm);
	put(t, "<%d>%s " NAME "[%d]: ", LOG_DAEMON | priority(r), stamp, (int)getpid());
	put_sentence(t, id, r);
}

static void put_field(struct text *t, const char *name, const char *value)
{
	if (!value)
		return;
	put(t, "%s=", name);
	put_line(t, value);
	put(t, "\n");
}

static void write_journald(struct text *t, const char *id, const struct journal_record *r)
{
	put(t, "MESSAGE=");
	put_sentence(t, id, r);
	put(t, "\nPRIORITY=%d\nSYSLOG_FACILITY=%d\nSYSLOG_IDENTIFIER=" NAME "\nHART_GENERATION=%llu\n", priority(r),
	    LOG_FAC(LOG_DAEMON), (unsigned long long)r->generation);
	put_field(t, "HART_EVENT", r->event);
	put_field(t, "HART_ID", id);
	put_field(t, "HART_MEMBER", r->member);
	put_field(t, "HART_FROM", r->from);
	put_field(t, "HART_TO", r->to);
	put_field(t, "HART_CAUSE", r->cause);
	put_field(t, "HART_INSTEAD", r->instead);
	if (r->instead)
		put(t, "HART_US=%lld\n", r->us);
	if (r->status >= 0)
		put(t, "HART_STATUS=%d\n", r->status);
	put_field(t, "HART_TEXT", r->text);
}

void outlet_send(struct outlet *o, const char *path, bool with_fields, const char *id, const struct journal_record *r)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	struct text t = { .len = 0 };

	if (o->fd < 0)
		o->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	(with_fields ? write_journald : write_syslog)(&t, id, r);
	strcpy(a.sun_path, path); /* the policy has looked at its length */
	/* By its name each time: a daemon that was started anew has another socket. */
	if (o->fd < 0 || sendto(o->fd, t.v, t.len, MSG_NOSIGNAL, (struct sockaddr *)&a, sizeof a) < 0)
		o->lost++;
}

void outlet_close(struct outlet *o)
{
	fd_close(&o->fd);
}

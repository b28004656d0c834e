/* SPDX-License-Identifier: Apache-2.0 */
/* happening_text: see happening_text.h. */
#include "happening_text.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/signame.h"
#include "facts.h"
#include "log_time.h"
#include "machine/machine.h"
#include "visible.h"

bool happening_is_wanted(const struct facts *f, const char *id, const char *since, const char *until)
{
	const char *time = facts_get(f, "time"), *of = facts_get(f, "id");

	return time && (!of || !strcmp(of, id)) && (!since || log_time_compare(time, strlen(time), since) >= 0) &&
	       (!until || log_time_compare(time, strlen(time), until) <= 0);
}

#define TIME_LEN 23 /* with milliseconds */
#define TIME_T 10 /* where the date ends */

static const char *get(const struct facts *f, const char *key)
{
	const char *value = facts_get(f, "%s", key);

	return value ? value : "";
}

static void put_seen(struct buf *out, const char *text)
{
	visible_put(out, text, strlen(text));
}

static void put_time(struct buf *out, const char *time)
{
	size_t len = strnlen(time, TIME_LEN);

	if (len > TIME_T) {
		visible_put(out, time, TIME_T);
		buf_puts(out, " ");
		visible_put(out, time + TIME_T + 1, len - TIME_T - 1);
	}
	buf_puts(out, "Z  ");
}

static void put_signal(struct buf *out, int sig)
{
	const char *name = signal_name(sig);

	if (name)
		buf_printf(out, "killed by SIG%s", name);
	else
		buf_printf(out, "killed by signal %d", sig);
}

static void put_why(struct buf *out, const struct facts *f)
{
	const char *cause = get(f, "cause"), *status = facts_get(f, "status");
	int known = machine_cause_of(cause);
	struct buf why = BUF_INIT;

	if (known == CAUSE_EXIT)
		buf_printf(&why, "exit status %s", status ? status : "unknown");
	else if (known == CAUSE_SIGNAL && status)
		put_signal(&why, atoi(status) - 128);
	else
		buf_puts(&why, known < 0 || known == CAUSE_SIGNAL ? cause : machine_cause_words((enum machine_cause)known));
	if (why.len) {
		buf_puts(out, ": ");
		visible_put(out, why.data, why.len);
	}
	out->failed |= why.failed;
	buf_free(&why);
	if (facts_get(f, "text")) {
		buf_puts(out, ": ");
		put_seen(out, get(f, "text"));
	}
}

static void put_takeover(struct buf *out, const struct facts *f)
{
	const char *from = facts_get(f, "instead");

	if (!from)
		return;
	if (strcmp(from, get(f, "member")) != 0) {
		buf_puts(out, " took over from ");
		put_seen(out, from);
	}
	long long us = atoll(get(f, "us"));
	buf_printf(out, " in %lld.%03lld ms", us / 1000, us % 1000);
}

void happening_text(const struct facts *f, struct buf *out)
{
	const char *event = facts_get(f, "event"), *member = facts_get(f, "member");
	struct buf word = BUF_INIT;

	put_time(out, get(f, "time"));
	/* An older hart wrote none. */
	put_seen(&word, event ? event : facts_get(f, "to") ? get(f, "to") : "warning");
	buf_printf(out, "%-14s ", word.failed || !word.len ? "?" : word.data);
	buf_free(&word);
	if (member) {
		put_seen(out, member);
		buf_printf(out, ", generation %s", get(f, "generation"));
	} else {
		buf_puts(out, "the service");
	}
	put_takeover(out, f);
	put_why(out, f);
	buf_puts(out, "\n");
}

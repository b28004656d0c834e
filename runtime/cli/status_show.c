/* SPDX-License-Identifier: Apache-2.0 */
/* status_show: see status_show.h. */
#include "status_show.h"

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "facts.h"

static const char *top(const struct facts *f, const char *key)
{
	const char *value = facts_get(f, "%s", key);

	return value ? value : "-";
}

static const char *of(const struct facts *f, const char *list, int i, const char *key)
{
	const char *value = facts_get(f, "%s.%d.%s", list, i, key);

	return value ? value : "-";
}

static void show_head(const struct facts *f, struct buf *out)
{
	buf_printf(out, "%s: %s (%s), generation %s, active %s, pid %s, failures in the window: %s\n", top(f, "id"),
		   top(f, "state"), top(f, "cause"), top(f, "generation"), top(f, "active"), top(f, "pid"),
		   top(f, "failures"));
	if (!strcmp(top(f, "looping"), "1"))
		buf_puts(out, "it is looping: it fails again and again, and is never well for long\n");
	if (facts_get(f, "waiting.ms"))
		buf_printf(out, "nobody serves: %s waits for %s ms more: %s (\"hart failover\" does not wait)\n",
			   top(f, "waiting.member"), top(f, "waiting.ms"), top(f, "waiting.why"));
}

static void show_member(const struct facts *f, int i, struct buf *out)
{
	const char *status = facts_get(f, "members.%d.status", i), *why = facts_get(f, "members.%d.why", i);

	if (!strcmp(of(f, "members", i, "state"), "gone"))
		return;
	buf_printf(out, "%-12s %-12s %-8s %-10s %s\n", of(f, "members", i, "name"), of(f, "members", i, "state"),
		   of(f, "members", i, "pid"), of(f, "members", i, "generation"), of(f, "members", i, "bundle"));
	if (status)
		buf_printf(out, "             %s\n", status);
	if (why)
		buf_printf(out, "             last failure: %s\n", why);
}

static void show_port(const struct facts *f, int i, struct buf *out)
{
	buf_printf(out, "port: %s, clients go to %s, %s sockets, %s clients wait, %s moved on\n",
		   of(f, "ports", i, "address"), of(f, "ports", i, "clientsGoTo"), of(f, "ports", i, "sockets"),
		   of(f, "ports", i, "queued"), of(f, "ports", i, "moved"));
}

static void show_takeover(const struct facts *f, int i, struct buf *out)
{
	buf_printf(out, "takeover: %s -> %s, %s, generation %s, %s us\n", of(f, "takeovers", i, "from"),
		   of(f, "takeovers", i, "to"), of(f, "takeovers", i, "cause"), of(f, "takeovers", i, "generation"),
		   of(f, "takeovers", i, "us"));
}

int status_show(struct arena *a, const char *json, size_t len, struct buf *out, struct err *e)
{
	struct facts f;
	const char *warning;
	int r = facts_read(&f, a, json, len, e);

	if (r < 0)
		return r;
	show_head(&f, out);
	buf_printf(out, "%-12s %-12s %-8s %-10s %s\n", "MEMBER", "STATE", "PID", "GENERATION", "BUNDLE");
	for (int i = 0; facts_get(&f, "members.%d.name", i); i++)
		show_member(&f, i, out);
	for (int i = 0; facts_get(&f, "ports.%d.address", i); i++)
		show_port(&f, i, out);
	for (int i = 0; facts_get(&f, "takeovers.%d.to", i); i++)
		show_takeover(&f, i, out);
	buf_printf(out, "shim: pid %s, hart %s\n", top(&f, "shim.pid"), top(&f, "shim.version"));
	for (int i = 0; (warning = facts_get(&f, "warnings.%d", i)); i++)
		buf_printf(out, "warning: %s\n", warning);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* show: see show.h. */
#include "service/show.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"
#include "service/record.h"
#include "service/takeover.h"

static void show_print(const char *text, size_t len)
{
	/* Whoever reads it may be gone, or has stopped to read; the journal has it as well. */
	io_write_now(STDERR_FILENO, text, len);
}

void show_transition(const char *id, const struct transition *t, const char *member)
{
	char line[640];
	const struct machine_action *a = &t->action;
	int n = snprintf(line, sizeof line, "hart: %s: %s -> %s%s%s (%s%s", id,
			 machine_state_name(a->from), machine_state_name(a->to),
			 member ? ", " : "", member ? member : "", machine_cause_name(a->cause), t->why ? ": " : "");

	if (n > 0 && (size_t)n < sizeof line && a->cause == CAUSE_EXIT)
		n += snprintf(line + n, sizeof line - (size_t)n, " %d", a->status);
	if (n > 0 && (size_t)n < sizeof line)
		n += snprintf(line + n, sizeof line - (size_t)n, "%s), generation %llu\n",
			      t->why ? t->why : "", (unsigned long long)t->generation);
	if (n > 0)
		show_print(line, (size_t)n < sizeof line ? (size_t)n : sizeof line - 1);
}

void show_takeover(const char *id, const struct takeover *t)
{
	char line[256];
	int n = snprintf(line, sizeof line, "hart: %s: %s took over from %s in %lld us\n", id,
			 t->to, t->from, t->us);

	if (n > 0)
		show_print(line, (size_t)n < sizeof line ? (size_t)n : sizeof line - 1);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* takeover: see takeover.h. */
#include "service/takeover.h"

#include <string.h>

void takeovers_begin(struct takeovers *t, const struct member *m, long long now_ns)
{
	t->failed_ns = now_ns;
	strcpy(t->from, m->name);
}

void takeovers_forget(struct takeovers *t)
{
	t->failed_ns = 0;
}

static void count(struct takeovers *t, const struct takeover *ended)
{
	histogram_add(&t->times, ended->us);
	(strcmp(ended->from, ended->to) ? t->failovers : t->restarts)[ended->cause]++;
}

const struct takeover *takeovers_end(struct takeovers *t, const struct member *m, enum machine_cause cause,
				     long long now_ns)
{
	struct takeover *ended = &t->last[t->n % TAKEOVERS_KEPT];

	if (!t->failed_ns)
		return NULL;
	*ended = (struct takeover){ .generation = m->generation, .cause = cause, .us = (now_ns - t->failed_ns) / 1000 };
	strcpy(ended->from, t->from);
	strcpy(ended->to, m->name);
	clock_gettime(CLOCK_REALTIME, &ended->at);
	count(t, ended);
	t->n++;
	t->failed_ns = 0;
	return ended;
}

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

const struct takeover *takeovers_end(struct takeovers *t, const struct member *m, enum machine_cause cause,
				     long long now_ns)
{
	struct takeover *ended = &t->last[t->n % TAKEOVERS_KEPT];

	if (!t->failed_ns)
		return NULL;
	*ended = (struct takeover){ .generation = m->generation, .cause = cause, .us = (now_ns - t->failed_ns) / 1000 };
	strcpy(ended->from, t->from);
	strcpy(ended->to, m->name);
	t->n++;
	t->failed_ns = 0;
	return ended;
}

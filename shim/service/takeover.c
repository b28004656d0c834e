/* service/takeover: how long it took from a failure to the next program, and between whom. */
#include <string.h>

#include "service/parts.h"

void service_failure_seen(struct service *s, struct member *m, long long now_ns)
{
	if (m->index != s->machine.active || m->killed)
		return;
	s->failed_ns = now_ns;
	s->failed_member = m->index;
}

void service_note_takeover(struct service *s, struct member *m)
{
	struct takeover *t = &s->takeovers[s->n_takeovers % TAKEOVERS_KEPT];

	if (!s->failed_ns)
		return;
	*t = (struct takeover){
		.generation = m->generation,
		.cause = s->machine.cause,
		.us = (loop_now_ns() - s->failed_ns) / 1000,
	};
	strcpy(t->from, s->members[s->failed_member].name);
	strcpy(t->to, m->name);
	s->n_takeovers++;
	s->failed_ns = 0;
	service_show_takeover(s, t);
}

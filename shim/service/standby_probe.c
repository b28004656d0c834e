/* standby_probe: see standby_probe.h. */
#include "service/standby_probe.h"

#include <stdlib.h>

#include "base/err.h"
#include "service/parts.h"

static void on_result(struct probe *p, bool ok)
{
	struct standby_probe *sp = LOOP_OWNER(p, struct standby_probe, probe);
	struct member *m = sp->member;
	struct service *s = m->service;

	if (ok) {
		sp->answers(s, m);
	} else if (s->machine.members[m->index].state == MEMBER_HOT && !pause_is_on(&s->pause)) {
		member_why(m, p->why);
		member_tell(m, EVENT_UNHEALTHY, CAUSE_PROBE, 0);
	}
}

static bool is_shared(const struct probe *p)
{
	const struct standby_probe *sp = LOOP_OWNER(p, struct standby_probe, probe);

	return !(sp->member->private_namespaces & 1U << OCI_NS_NETWORK);
}

void standby_probe_start(struct service *s, struct member *m, void (*answers)(struct service *s, struct member *m))
{
	struct standby_probe **sp = &s->heat.probes[m->index];
	struct probe_target target = service_probe_target(s, m);
	struct err e = ERR_INIT;

	if (!s->policy->probe_is_own)
		return;
	if (!*sp) {
		*sp = calloc(1, sizeof **sp);
		if (!*sp) {
			err_set(&e, ENOMEM, "watch the standby %s", m->name);
			service_warn(s, m, &e);
			return;
		}
		probe_init(&(*sp)->probe);
	}
	(*sp)->member = m;
	(*sp)->answers = answers;
	(*sp)->probe.is_shared = is_shared;
	probe_start(&(*sp)->probe, &s->loop, &s->policy->probe, &target, on_result);
}

void standby_probe_stop(struct service *s, const struct member *m)
{
	struct standby_probe *sp = s->heat.probes[m->index];

	if (sp)
		probe_stop(&sp->probe);
}

void standby_probes_finish(struct service *s)
{
	for (int i = 0; i < MACHINE_MEMBERS_MAX; i++) {
		struct standby_probe **sp = &s->heat.probes[i];
		if (*sp)
			probe_stop(&(*sp)->probe);
		free(*sp);
		*sp = NULL;
	}
}

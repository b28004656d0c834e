/* SPDX-License-Identifier: Apache-2.0 */
/* standby_probe: see standby_probe.h. */
#include "service/standby_probe.h"

#include <stdlib.h>

#include "base/err.h"
#include "service/member.h"

static void on_result(struct probe *p, bool ok)
{
	struct standby_probe *sp = LOOP_OWNER(p, struct standby_probe, probe);

	if (ok)
		sp->owner->answers(sp->member);
	else
		sp->owner->fails(sp->member, p->why);
}

static bool is_shared(const struct probe *p)
{
	const struct standby_probe *sp = LOOP_OWNER(p, struct standby_probe, probe);

	return !(sp->member->private_namespaces & 1U << OCI_NS_NETWORK);
}

int standby_probe_start(struct standby_probe **sp, struct loop *l, const struct probe_policy *policy,
			const struct probe_target *target, struct member *m, const struct standby_probe_owner *owner,
			struct err *e)
{
	if (!*sp) {
		*sp = calloc(1, sizeof **sp);
		if (!*sp)
			return err_set(e, ENOMEM, "watch the standby %s", m->name);
		probe_init(&(*sp)->probe);
	}
	(*sp)->member = m;
	(*sp)->owner = owner;
	(*sp)->probe.is_shared = is_shared;
	probe_start(&(*sp)->probe, l, policy, target, on_result);
	return 0;
}

void standby_probe_stop(struct standby_probe *sp)
{
	if (sp)
		probe_stop(&sp->probe);
}

void standby_probe_finish(struct standby_probe **sp)
{
	standby_probe_stop(*sp);
	free(*sp);
	*sp = NULL;
}

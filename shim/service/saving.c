/* SPDX-License-Identifier: Apache-2.0 */
/* service/saving: when state.json and service.json are written: soon, off the takeover path, or before somebody looks. */
#include "base/err.h"
#include "service/parts.h"
#include "service/save_plan.h"

static void on_save(struct timer *t)
{
	struct service *s = LOOP_OWNER(t, struct service, saving.timer);
	struct err e = ERR_INIT;

	if (service_save(s, &e) < 0 || (save_plan_number(&s->machine) != s->saving.plan && service_save_plan(s, &e) < 0))
		service_warn(s, NULL, &e);
}

void service_save_soon(struct service *s)
{
	loop_timer(&s->loop, &s->saving.timer, 0, on_save);
}

void service_save_now(struct service *s)
{
	if (!s->saving.timer.armed)
		return;
	loop_timer_stop(&s->loop, &s->saving.timer);
	on_save(&s->saving.timer);
}

void service_plan_changed(struct service *s)
{
	if (save_plan_number(&s->machine) != s->saving.plan)
		service_save_soon(s);
}

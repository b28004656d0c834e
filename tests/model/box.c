/* SPDX-License-Identifier: Apache-2.0 */
/* box: see box.h. */
#include "box.h"

#include <string.h>

#include "machine_world.h"

static const struct world like = {
	.policy = {
		.restarts = RESTARTS,
		.max_failures = FAILURES,
		.window_ms = 1000,
		.backoff_min_ms = BACKOFF,
		.backoff_max_ms = BACKOFF,
		.wants_ready = READY,
		.ready_timeout_ms = READY ? 10 : 0,
		.stop_timeout_ms = 10,
		.fence_timeout_ms = 10,
		.mode = COLD ? MODE_COLD : HOT == 2 ? MODE_FROZEN : HOT ? MODE_HOT : MODE_WARM,
		.heat_wants_ready = READY,
		.failback_ms = FAILBACK ? 10 : -1,
	},
	.members_max = MEMBERS,
};

/* Only the machine in it is used: the world around it is the model's own. */
static void pack(struct box *b, struct world *w)
{
	const struct machine *m = &w->m;
	struct world_key key;

	world_pack(w, &key);
	memcpy(b->machine, key.v, sizeof b->machine);
	b->state = (unsigned char)m->state;
	b->active = (unsigned char)(m->active < 0 ? BOX_NOBODY : m->active);
	b->target = (unsigned char)(m->target < 0 ? BOX_NOBODY : m->target);
	for (int i = 0; i < MEMBERS; i++) {
		b->member[i] = (unsigned char)m->members[i].state;
		b->armed[i] = (unsigned char)m->members[i].armed;
	}
}

static void unpack(const struct box *b, struct world *w)
{
	struct world_key key = { 0 };

	memcpy(key.v, b->machine, sizeof b->machine);
	world_unpack(w, &like, &key);
}

void box_begin(struct box *b, int n_members)
{
	struct world w;

	memset(b, 0, sizeof *b);
	world_init(&w, &like.policy, n_members);
	pack(b, &w);
}

static bool is_done_to_members(enum action_type type)
{
	return type == MACHINE_BUILD || type == MACHINE_RELEASE || type == MACHINE_TERM ||
	       type == MACHINE_HEAT || type == MACHINE_FREEZE || type == MACHINE_PROMOTE || type == MACHINE_KILL || type == MACHINE_DISCARD || type == MACHINE_END;
}

void box_step(struct box *b, const struct machine_event *ev)
{
	struct machine_actions out;
	struct world w;

	unpack(b, &w);
	machine_step(&w.m, ev, 0, &out);
	b->heeded = out.n > 0;
	b->told = 0;
	for (unsigned i = 0; i < out.n; i++) {
		const struct machine_action *a = &out.v[i];
		b->told |= a->type == MACHINE_TRANSITION && a->member == ev->member;
		if (!is_done_to_members(a->type))
			continue;
		if (b->n_todo == BOX_ACTIONS) {
			b->full = 1;
			break;
		}
		b->todo[b->n_todo][0] = (unsigned char)a->type;
		b->todo[b->n_todo++][1] = (unsigned char)(a->member < 0 ? 0 : a->member);
	}
	pack(b, &w);
}

void box_done(struct box *b)
{
	b->n_todo--;
	memmove(b->todo[0], b->todo[1], sizeof b->todo - sizeof b->todo[0]);
	memset(b->todo[b->n_todo], 0, sizeof b->todo[0]);
}

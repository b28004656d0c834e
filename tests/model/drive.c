/* drive: see drive.h. The policy by macros: STANDBYS, COLD, OVERLAP (what people may ask for), FAILURES, READY. */
#include "drive.h"

#include <stdio.h>

static const struct machine_policy policy = {
	.max_failures = FAILURES,
	.window_ms = 1000,
	.backoff_min_ms = 1,
	.backoff_max_ms = 1,
	.wants_ready = READY,
	.ready_timeout_ms = READY ? 10 : 0,
	.stop_timeout_ms = 10,
	.fence_timeout_ms = 10,
	.cold = COLD,
	.failback_ms = -1,
};

static struct world like;

void drive_begin(struct world_key *key)
{
	struct machine_event start = { .type = EVENT_START, .member = 0, .cause = CAUSE_START };
	struct machine_actions actions;
	struct world w;

	world_init(&like, &policy, 1 + STANDBYS);
	w = like;
	world_step(&w, &start, 0, &actions);
	world_pack(&w, key);
}

static unsigned events_of(const struct world_key *key, struct world *ret, struct machine_event v[WORLD_EVENTS])
{
	world_unpack(ret, &like, key);
	return world_events(ret, ASKED, v);
}

int drive_events(const struct world_key *key)
{
	struct machine_event v[WORLD_EVENTS];
	struct world w;
	unsigned n = events_of(key, &w, v);

	return machine_is_over(&w.m) && !n ? 0 : (int)n;
}

struct drive_seen drive_step(struct world_key *key, int number)
{
	struct machine_event v[WORLD_EVENTS];
	struct machine_actions actions;
	struct world w;

	events_of(key, &w, v);
	const struct machine_event *ev = &v[number];
	bool ran = ev->member >= 0 && w.m.members[ev->member].ran && !w.members[ev->member].killed &&
		   !w.members[ev->member].told;
	bool failing = ran && ((ev->type == EVENT_EXITED && !ev->clean) || ev->type == EVENT_UNHEALTHY ||
			       ev->type == EVENT_RELEASE_FAILED);
	world_step(&w, ev, 0, &actions);
	if (w.wrong)
		printf("rule: %s\n", w.wrong);
	world_pack(&w, key);
	return (struct drive_seen){ w.wrong != NULL, failing, machine_is_over(&w.m) };
}

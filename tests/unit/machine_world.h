/* SPDX-License-Identifier: Apache-2.0 */
/*
 * machine_world: what the machine's actions do to members, and which events those can bring next: an
 * untimed model of kernel and builders in which everything that may happen can happen at any time. Each
 * step is checked; the first thing that is wrong is told in `wrong`.
 */
#pragma once

#include "machine/machine.h"

#define WORLD_EVENTS 320

enum world_phase {
	WORLD_NONE,
	WORLD_BUILDING,
	WORLD_AT_GATE,
	WORLD_RELEASING,
	WORLD_RUNS,
	WORLD_DYING, /* could not be executed: will exit */
	WORLD_DEAD, /* init has ended; others may live on in the cgroup */
	WORLD_EMPTY, /* not undone yet */
};

struct world_member {
	enum world_phase phase;
	bool app; /* released, or promoted, and not empty since */
	bool hot; /* its program runs as a standby's, or did */
	bool promoting; /* has not answered yet */
	bool killed, told; /* told: got the stop signal */
	unsigned armed;
};

struct world {
	struct machine_policy policy;
	struct machine m;
	struct world_member members[MACHINE_MEMBERS_MAX];
	int members_max; /* upgrades add members up to here */
	bool overlap; /* the last switch that was taken is one */
	bool has_ended;
	const char *wrong; /* NULL: nothing is */
};

void world_init(struct world *w, const struct machine_policy *policy, int n_members);

/* Fills `ret` with all events that may come now; `asked` adds what people may ask for. */
unsigned world_events(const struct world *w, bool asked, struct machine_event ret[WORLD_EVENTS]);

/* The one that a world without any further failure would bring next; false when there is none. */
bool world_next_friendly(const struct world *w, struct machine_event *ret);

/* Lets the event happen and the machine answer. */
void world_step(struct world *w, const struct machine_event *ev, long long now_ms,
		struct machine_actions *ret);

/* All that decides what can happen next; the rest (intervals, causes, status) is left out. */
#define WORLD_KEY_SIZE (10 + 6 * MACHINE_MEMBERS_MAX)

struct world_key {
	unsigned char v[WORLD_KEY_SIZE];
};

/* The rest is zero. */
#define WORLD_KEY_USED(key) (10 + 6U * (key)->v[1])

void world_pack(const struct world *w, struct world_key *ret);

/* `like` gives the policy. */
void world_unpack(struct world *w, const struct world *like, const struct world_key *key);

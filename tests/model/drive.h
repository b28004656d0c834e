/* drive: what failover.pml calls: the machine and its world, a state as bytes, an event by its number. */
#pragma once

#include <stdbool.h>

#include "machine_world.h"

struct drive_seen {
	bool wrong; /* a rule was broken; told on stdout */
	bool failing; /* a member that had been let go has failed */
	bool over; /* the service has ended */
};

/* The policy is chosen at compile time: see run. */
void drive_begin(struct world_key *key);

/* How many events may come in this state. */
int drive_events(const struct world_key *key);

/* The event of that number happens. */
struct drive_seen drive_step(struct world_key *key, int number);

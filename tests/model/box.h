/* SPDX-License-Identifier: Apache-2.0 */
/* box: the machine as failover.pml holds it: its state as bytes, what it asked for and is not done yet, and what the
 * model looks at. All of it is one state of the model: there is nothing beside it. */
#pragma once

#include <stdbool.h>

#include "bounds.h"
#include "machine/machine.h"

#define BOX_ACTIONS 16
#define BOX_NOBODY 255

struct box {
	unsigned char machine[10 + 6 * MEMBERS]; /* the used part of a world_key */
	unsigned char n_todo, todo[BOX_ACTIONS][2]; /* action, member; the first is the next */
	unsigned char state, active, target, member[MEMBERS], armed[MEMBERS]; /* of the machine */
	unsigned char heeded, told, full; /* the last step: asked for anything; wrote its member down; too much */
};

/* A machine of so many members that nothing happened to yet. The policy is chosen at compile time: see run. */
void box_begin(struct box *b, int n_members);

/* One event. Only what was asked for that changes members or ends the service is kept to be done. */
void box_step(struct box *b, const struct machine_event *ev);

/* The first of what is to be done is done. */
void box_done(struct box *b);

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * machine/happening: what a transition is for people: the words of `hart events`, of the journal, and of what is told by
 * --on-event and --events-to.
 */
#pragma once

#include <stdbool.h>

#include "machine/machine.h"

struct happening {
	const char *word;
	bool is_step; /* on the way to another one, which says more: nobody is called for it */
};

/* What no transition is. */
extern const struct happening happening_starting, happening_takeover, happening_restart, happening_warning, happening_callout;

/* `active`: who serves when it has been made, or -1. Never NULL. */
const struct happening *happening_of(const struct machine_action *transition, int active);

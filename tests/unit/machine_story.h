/* SPDX-License-Identifier: Apache-2.0 */
/* machine_story: what happens to a service, event by event, and what the machine asks for, as text. */
#pragma once

#include <stddef.h>

#include "machine/machine.h"

struct line {
	struct machine_event ev;
	const char *actions;
	long long after_ms; /* since the line before */
};

#define EV(kind, who, ...) { .type = EVENT_##kind, .member = who, __VA_ARGS__ }
#define START EV(START, 0, .cause = CAUSE_START)
#define EXIT(who, code) EV(EXITED, who, .cause = CAUSE_EXIT, .status = code)
#define CLEAN(who) EV(EXITED, who, .cause = CAUSE_EXIT, .clean = true)
#define DUE(what, who) EV(TIMER, who, .timer = TIMER_##what)
#define SWITCH(who) EV(SWITCH, who, .cause = CAUSE_MANUAL)
#define OVERLAP(who) EV(SWITCH, who, .cause = CAUSE_MANUAL, .overlap = true)
#define UPGRADE(who) EV(ADD, who, .cause = CAUSE_UPGRADE, .overlap = true)
#define STOP(signal) EV(STOP, -1, .cause = CAUSE_STOP, .status = signal)

/* The actions as a line of a story has them. */
void story_put(char *text, size_t size, const struct machine_actions *out);

/* Asserts that the machine answers each line as it says; timers are told as "ready0+1000" (member 0, ms),
 * "ready0-" for stopped ones, and those of backoffs and starts, which vary, as "+B". */
void story_tell(const struct machine_policy *policy, int n_members, const struct line *lines,
		size_t n);

#define TELL(policy, members, lines) \
	story_tell(policy, members, lines, sizeof lines / sizeof *lines)

/* Ready as it runs; two failures are borne. */
extern const struct machine_policy story_simple;
struct machine_policy story_with_ready(void);

/* The first lines of a service of two whose standby is warm. */
#define UP \
	{ START, "build0" }, { EV(BUILT, 0), "release0" }, \
	{ EV(RELEASED, 0), "serves0 healthy0+10000 stable0+60000 starting>active:start active>degraded:standby " \
			   "build1" }, \
	{ EV(BUILT, 1), "degraded>active:standby" }

#define UP_READY \
	{ START, "build0" }, { EV(BUILT, 0), "release0 ready0+1000" }, { EV(RELEASED, 0), "" }, \
	{ EV(READY, 0), "serves0 ready0- healthy0+10000 stable0+60000 starting>active:start " \
			"active>degraded:standby build1" }, \
	{ EV(BUILT, 1), "degraded>active:standby" }

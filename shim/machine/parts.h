/* SPDX-License-Identifier: Apache-2.0 */
/* machine/parts: one step of the machine under way, and what its files share. */
#pragma once

#include "machine/machine.h"

struct step {
	struct machine *m;
	const struct machine_event *ev;
	long long now_ms;
	struct machine_actions *out;
	enum machine_cause cause; /* of a transition between ACTIVE and DEGRADED */
};

/* machine/members.c: what is done to one member. */
void step_put(struct step *s, struct machine_action a);
void step_emit(struct step *s, enum action_type type, int member, long long arg);
void step_set_timer(struct step *s, enum machine_timer timer, int member, long long ms);
void step_stop_timer(struct step *s, enum machine_timer timer, int member); /* if it is armed */
void step_build(struct step *s, int i);
void step_release(struct step *s, int i);
void step_heat(struct step *s, int i); /* its program runs as a standby's */
void step_promote(struct step *s, int i); /* of one whose program runs already */
void step_terminate(struct step *s, int i, int sig); /* 0: the policy's signal */
void step_drain(struct step *s, int i); /* another one serves: terminated, after the time that it has for its clients */
void step_kill(struct step *s, int i);
void step_stop_watch(struct step *s, int i); /* stops what would call it well, or late */
void step_rest(struct step *s, int i);	 /* of one that is empty and undone: what becomes of it */
void step_settle(struct step *s, int i); /* undoes one that is empty, if that is still to be done */
void step_retire(struct step *s, int i);

/* machine/choose.c: who is next; -1: nobody. */
int step_first_due(const struct step *s, enum member_state state); /* may be started now; the best of those in it */
bool step_is_anyone_built(const struct step *s); /* may be started now, or runs as a standby */
int step_choose(const struct step *s); /* may be started now, who is the furthest */
int step_next_due(const struct step *s); /* of those that wait for their next start, the first */
int step_choose_by_hand(const struct step *s); /* for people, who do not wait */
bool step_can_return_to(const struct step *s, int i); /* at once, when what is left of it has ended */
bool step_restarts_in_place(const struct step *s, int i);
bool step_has_chance(const struct step *s); /* somebody has not failed since the service was well */

/* machine/fail.c */
void step_fail(struct step *s, int i, enum machine_cause cause, int status);

/* machine/switch.c: who serves. */
void step_transition(struct step *s, enum machine_state to, int member, enum machine_cause cause,
		     int status);
void step_advance(struct step *s); /* does what the state as it is now asks for; ends every step */
void step_switch(struct step *s, int to, bool overlap, enum machine_cause cause);
void step_void_debts(struct step *s); /* the service is well */
void step_finish(struct step *s, enum machine_state end, enum machine_cause cause);
void step_stop(struct step *s, enum machine_cause cause, int sig);

static inline bool machine_is_of_use(const struct machine_member *mm)
{
	return mm->state != MEMBER_GONE && !mm->retired;
}

/* Its program is to run before it serves. */
static inline bool machine_is_hot(const struct machine_member *mm)
{
	return mm->mode == MODE_HOT || mm->mode == MODE_FROZEN;
}

/* It has been built, or is being built, and has not served. */
static inline bool machine_is_waiting_member(const struct machine_member *mm)
{
	return mm->state == MEMBER_BUILDING || mm->state == MEMBER_WARM || mm->state == MEMBER_HEATING ||
	       mm->state == MEMBER_HOT;
}

/* The active one serves while another is being made ready to replace it. */
static inline bool machine_has_incumbent(const struct machine *m)
{
	return m->state == SERVICE_PROMOTING && m->active >= 0 && m->active != m->target &&
	       m->members[m->active].state == MEMBER_RUNNING;
}

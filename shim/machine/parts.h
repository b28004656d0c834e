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
void step_terminate(struct step *s, int i, int sig); /* 0: the policy's signal */
void step_kill(struct step *s, int i);
void step_rest(struct step *s, int i);	 /* of one that is empty and undone: what becomes of it */
void step_settle(struct step *s, int i); /* undoes one that is empty, if that is still to be done */
void step_retire(struct step *s, int i);

/* machine/switch.c: who serves. */
void step_transition(struct step *s, enum machine_state to, int member, enum machine_cause cause,
		     int status);
void step_advance(struct step *s); /* does what the state as it is now asks for; ends every step */
void step_switch(struct step *s, int to, bool overlap, enum machine_cause cause);
void step_fail(struct step *s, int i, enum machine_cause cause, int status);
void step_finish(struct step *s, enum machine_state end, enum machine_cause cause);
void step_stop(struct step *s, enum machine_cause cause, int sig);

/* The active one serves while another is being made ready to replace it. */
static inline bool machine_has_incumbent(const struct machine *m)
{
	return m->state == SERVICE_PROMOTING && m->active >= 0 && m->active != m->target &&
	       m->members[m->active].state == MEMBER_RUNNING;
}

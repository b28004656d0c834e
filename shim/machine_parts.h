/* machine_parts: one step of the machine under way, and what its files share. */
#pragma once

#include "machine.h"

struct step {
	struct machine *m;
	long long now_ms;
	struct machine_actions *out;
};

/* machine_members.c: what is done to one member. */
void step_emit(struct step *s, enum action_type type, int member, long long arg);
void step_set_timer(struct step *s, enum machine_timer timer, int member, long long ms);
void step_stop_timer(struct step *s, enum machine_timer timer, int member);
void step_transition(struct step *s, enum machine_state to, int member, enum machine_cause cause,
		     int status);
void step_build(struct step *s, int i);
void step_release(struct step *s, int i);
void step_terminate(struct step *s, int i, int sig);
void step_kill(struct step *s, int i);
void step_quarantine(struct step *s, int i);
void step_settle(struct step *s, int i); /* undoes an empty one, and says what becomes of it */

/* True for a member of which the application may run. */
bool member_is_occupied(const struct machine_member *mm);

/* True in ACTIVE and DEGRADED. */
bool machine_is_steady(const struct machine *m);

/* machine_switch.c: who comes next. */
void step_promote_next(struct step *s);
void step_promote(struct step *s, int i);
void step_steady(struct step *s, int member, enum machine_cause cause);
void step_finish(struct step *s, enum machine_state end, enum machine_cause cause, int status);
void step_check_over(struct step *s);
void step_fail(struct step *s, int i, enum machine_cause cause, int status);
void step_switch(struct step *s, int to, bool overlap, enum machine_cause cause);

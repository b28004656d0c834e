/* SPDX-License-Identifier: Apache-2.0 */
/* machine/choose: who may be the next to serve, and whose turn it is. Pure looks at the machine. */
#include <stddef.h>

#include "machine/parts.h"

static bool can_be_next(const struct step *s, int i, enum member_state state)
{
	const struct machine_member *mm = &s->m->members[i];

	return mm->state == state && machine_is_of_use(mm) && !pace_owes(&mm->builds, s->now_ms) &&
	       !(mm->failed && s->m->last_chance);
}

static bool is_due(const struct step *s, int i, enum member_state state)
{
	return can_be_next(s, i, state) && !pace_owes(&s->m->members[i].starts, s->now_ms);
}

/* First a member that has not failed since the service was well, then the one that was not tried for the longest time. */
static bool is_better(const struct machine_member *a, const struct machine_member *b)
{
	if (a->failed != b->failed)
		return b->failed;
	return a->failed && a->starts.began_ms < b->starts.began_ms;
}

/* Of those that may be started now the best, or the first in the order of the list; after an upgrade that failed, the
 * one it replaced. */
int step_first_due(const struct step *s, enum member_state state)
{
	const struct machine *m = s->m;
	int first = -1;

	if (m->replaced >= 0 && is_due(s, m->replaced, state))
		return m->replaced;
	for (int i = 0; i < m->n_members; i++)
		if (is_due(s, i, state) && (first < 0 || is_better(&m->members[i], &m->members[first])))
			first = i;
	return first;
}

/* The furthest first. */
static const enum member_state next_states[] = { MEMBER_HOT, MEMBER_HEATING, MEMBER_WARM, MEMBER_BUILDING,
						 MEMBER_ABSENT };

#define NEXT_STATES (sizeof next_states / sizeof *next_states)

bool step_is_anyone_built(const struct step *s)
{
	return step_first_due(s, MEMBER_HOT) >= 0 || step_first_due(s, MEMBER_HEATING) >= 0 ||
	       step_first_due(s, MEMBER_WARM) >= 0;
}

/* -1: all have to wait, or are on their way out. */
int step_choose(const struct step *s)
{
	int i = -1;

	for (size_t k = 0; i < 0 && k < NEXT_STATES; k++)
		i = step_first_due(s, next_states[k]);
	return i;
}

/* Of those that have to wait for their next start the one whose time comes first. */
int step_next_due(const struct step *s)
{
	const struct machine *m = s->m;
	int next = -1;

	for (int i = 0; i < m->n_members; i++)
		for (size_t k = 0; k < NEXT_STATES; k++)
			if (can_be_next(s, i, next_states[k]) &&
			    (next < 0 || m->members[i].starts.until_ms < m->members[next].starts.until_ms))
				next = i;
	return next;
}

/* For people, who do not wait. */
int step_choose_by_hand(const struct step *s)
{
	int i = step_choose(s);

	if (i < 0)
		i = step_next_due(s);
	for (int k = 0; i < 0 && k < s->m->n_members; k++)
		if (s->m->members[k].state == MEMBER_QUARANTINED && machine_is_of_use(&s->m->members[k]))
			i = k;
	return i;
}

/* As long as it need not wait for that: serving comes first. */
bool step_restarts_in_place(const struct step *s, int i)
{
	const struct machine_member *mm = &s->m->members[i];

	return machine_is_of_use(mm) && mm->restarts < s->m->policy->restarts && !pace_owes(&mm->starts, s->now_ms) &&
	       !pace_owes(&mm->builds, s->now_ms);
}

/* It is there, or can be made at once, if what is left of it ends. */
bool step_can_return_to(const struct step *s, int i)
{
	const struct machine_member *mm = &s->m->members[i];

	return machine_is_of_use(mm) && mm->state != MEMBER_QUARANTINED && !pace_owes(&mm->starts, s->now_ms) &&
	       !pace_owes(&mm->builds, s->now_ms) &&
	       !(mm->failed && s->m->last_chance);
}

/* There is one that has not failed since the service was well. */
bool step_has_chance(const struct step *s)
{
	const struct machine *m = s->m;

	for (int i = 0; i < m->n_members; i++) {
		const struct machine_member *mm = &m->members[i];
		if (machine_is_of_use(mm) && !mm->failed && !pace_owes(&mm->builds, s->now_ms))
			return true;
	}
	return false;
}

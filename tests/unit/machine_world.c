/* SPDX-License-Identifier: Apache-2.0 */
/* machine_world: see machine_world.h. */
#include "machine_world.h"

#include <stddef.h>
#include <string.h>

void world_init(struct world *w, const struct machine_policy *policy, int n_members)
{
	*w = (struct world){ .policy = *policy, .members_max = n_members };
	machine_init(&w->m, &w->policy, n_members, 1);
}

static void check(struct world *w, bool is_right, const char *rule)
{
	if (!is_right && !w->wrong)
		w->wrong = rule;
}

/* -- what can happen ------------------------------------------------------------------------- */

struct list {
	struct machine_event *v;
	unsigned n;
};

static void add(struct list *l, struct machine_event ev)
{
	l->v[l->n++] = ev;
}

static void add_exits(struct list *l, int i, bool may_be_clean)
{
	struct machine_event ev = { .type = EVENT_EXITED, .member = i, .cause = CAUSE_EXIT,
				    .status = 3 };

	add(l, ev);
	if (!may_be_clean)
		return;
	ev.status = 0;
	ev.clean = true;
	add(l, ev);
}

static void add_of_member(struct list *l, const struct world *w, int i)
{
	const struct world_member *wm = &w->members[i];

	switch (wm->phase) {
	case WORLD_BUILDING:
		add(l, (struct machine_event){ .type = EVENT_BUILT, .member = i });
		add(l, (struct machine_event){ .type = EVENT_BUILD_FAILED, .member = i });
		if (wm->killed)
			add(l, (struct machine_event){ .type = EVENT_EMPTY, .member = i });
		else
			add_exits(l, i, false);
		break;
	case WORLD_AT_GATE:
	case WORLD_DYING:
		add_exits(l, i, false);
		break;
	case WORLD_RELEASING:
		add(l, (struct machine_event){ .type = EVENT_RELEASED, .member = i });
		add(l, (struct machine_event){ .type = EVENT_RELEASE_FAILED, .member = i });
		add_exits(l, i, false);
		break;
	case WORLD_RUNS:
		add(l, (struct machine_event){ .type = EVENT_READY, .member = i });
		add(l, (struct machine_event){ .type = EVENT_UNHEALTHY, .member = i,
					       .cause = CAUSE_PROBE });
		if (wm->promoting) {
			add(l, (struct machine_event){ .type = EVENT_PROMOTED, .member = i });
			add(l, (struct machine_event){ .type = EVENT_RELEASE_FAILED, .member = i });
		}
		add_exits(l, i, true);
		break;
	case WORLD_DEAD:
		if (wm->killed)
			add(l, (struct machine_event){ .type = EVENT_EMPTY, .member = i });
		break;
	default:
		break;
	}
	for (int t = 0; t < TIMERS; t++)
		if (wm->armed & 1U << t)
			add(l, (struct machine_event){ .type = EVENT_TIMER, .member = i,
						       .timer = (enum machine_timer)t });
}

static void add_asked(struct list *l, const struct world *w)
{
	int n = w->m.n_members;

	for (int overlap = 0; overlap < 2; overlap++) {
		for (int i = -1; i < n; i++)
			add(l, (struct machine_event){ .type = EVENT_SWITCH, .member = i,
						       .cause = CAUSE_MANUAL, .overlap = overlap });
		if (n < w->members_max)
			add(l, (struct machine_event){ .type = EVENT_ADD, .member = n,
						       .cause = CAUSE_UPGRADE, .overlap = overlap });
	}
	for (int signal = 0; signal <= 9; signal += 9)
		add(l, (struct machine_event){ .type = EVENT_STOP, .member = -1,
					       .cause = CAUSE_STOP, .status = signal });
}

unsigned world_events(const struct world *w, bool asked, struct machine_event ret[WORLD_EVENTS])
{
	struct list l = { ret, 0 };

	if (w->has_ended)
		return 0;
	for (int i = 0; i < w->m.n_members; i++)
		add_of_member(&l, w, i);
	if (asked)
		add_asked(&l, w);
	return l.n;
}

static bool is_friendly(const struct world *w, const struct machine_event *ev)
{
	const struct world_member *wm = &w->members[ev->member];

	switch (ev->type) {
	case EVENT_BUILT:
	case EVENT_RELEASED:
	case EVENT_PROMOTED:
	case EVENT_EMPTY:
		return true;
	case EVENT_READY:
		return (w->m.members[ev->member].state == MEMBER_RELEASED && !w->m.members[ev->member].is_ready) ||
		       w->m.members[ev->member].state == MEMBER_HEATING;
	case EVENT_EXITED:
		return (wm->killed || wm->told || wm->phase == WORLD_DYING) && !ev->clean;
	case EVENT_TIMER:
		return ev->timer == TIMER_BACKOFF || ev->timer == TIMER_START || ev->timer == TIMER_TERM;
	default:
		return false;
	}
}

bool world_next_friendly(const struct world *w, struct machine_event *ret)
{
	struct machine_event all[WORLD_EVENTS];
	unsigned n = world_events(w, false, all);

	for (unsigned i = 0; i < n; i++)
		if (is_friendly(w, &all[i])) {
			*ret = all[i];
			return true;
		}
	return false;
}

/* -- what an event means --------------------------------------------------------------------- */

static void happen(struct world *w, const struct machine_event *ev)
{
	struct world_member *wm = &w->members[ev->member < 0 ? 0 : ev->member];

	switch (ev->type) {
	case EVENT_BUILT:
		wm->phase = WORLD_AT_GATE;
		break;
	case EVENT_BUILD_FAILED: /* one that was killed is still to be confirmed empty */
		wm->phase = wm->killed ? WORLD_DEAD : WORLD_NONE;
		break;
	case EVENT_RELEASED:
		wm->phase = WORLD_RUNS;
		break;
	case EVENT_RELEASE_FAILED: /* of one that runs: what it was to be told */
		if (wm->phase == WORLD_RUNS)
			wm->promoting = false;
		else
			wm->phase = WORLD_DYING;
		break;
	case EVENT_PROMOTED:
		wm->promoting = false;
		break;
	case EVENT_EXITED:
		wm->phase = WORLD_DEAD;
		break;
	case EVENT_EMPTY:
		wm->phase = WORLD_EMPTY;
		wm->app = false;
		break;
	case EVENT_TIMER:
		wm->armed &= ~(1U << ev->timer);
		break;
	default:
		break;
	}
}

/* -- what an action does --------------------------------------------------------------------- */

static void let_serve(struct world *w, int i)
{
	struct world_member *wm = &w->members[i];

	check(w, !(w->m.members[i].failed && w->m.last_chance),
	      "beyond the budget only who has not failed is tried");

	for (int k = 0; k < w->m.n_members; k++)
		if (k != i && w->members[k].app)
			check(w, w->overlap && w->m.overlap && k == w->m.active &&
				      w->m.members[k].state == MEMBER_RUNNING && !w->members[k].killed,
			      "fence before promote");
	wm->app = true;
}

static void heat(struct world *w, int i)
{
	struct world_member *wm = &w->members[i];

	check(w, wm->phase == WORLD_AT_GATE && !wm->killed, "only who waits at the gate is let run");
	check(w, w->m.active != i, "who serves is no standby");
	wm->phase = WORLD_RELEASING;
	wm->hot = true;
}

static void end(struct world *w, const struct machine_actions *out, unsigned at)
{
	check(w, !w->has_ended, "the end comes once");
	check(w, at == out->n - 1, "nothing comes after the end");
	check(w, machine_is_over(&w->m), "the end is an end state");
	for (int i = 0; i < w->m.n_members; i++) {
		check(w, w->members[i].phase == WORLD_NONE, "at the end all are empty and undone");
		check(w, !w->members[i].armed, "at the end no timer runs");
	}
	w->has_ended = true;
}

static void perform(struct world *w, const struct machine_actions *out, unsigned at)
{
	const struct machine_action *a = &out->v[at];
	struct world_member *wm = &w->members[a->member < 0 ? 0 : a->member];

	switch (a->type) {
	case MACHINE_BUILD:
		check(w, wm->phase == WORLD_NONE, "who is built is not there yet");
		*wm = (struct world_member){ .phase = WORLD_BUILDING, .armed = wm->armed };
		break;
	case MACHINE_RELEASE:
		check(w, wm->phase == WORLD_AT_GATE && !wm->killed, "only who waits at the gate is released");
		let_serve(w, a->member);
		wm->phase = WORLD_RELEASING;
		break;
	case MACHINE_HEAT:
		heat(w, a->member);
		break;
	case MACHINE_FREEZE:
		check(w, wm->hot && !wm->app, "only a standby is frozen");
		break;
	case MACHINE_PROMOTE:
		check(w, wm->hot && !wm->app && !wm->killed && wm->phase != WORLD_DEAD,
		      "only a hot standby is promoted");
		let_serve(w, a->member);
		wm->promoting = true;
		break;
	case MACHINE_TERM:
		check(w, (wm->app || wm->hot) && !wm->killed, "who gets the stop signal runs");
		wm->told = true;
		break;
	case MACHINE_KILL:
		check(w, wm->phase != WORLD_NONE && wm->phase != WORLD_EMPTY, "who is killed is there");
		wm->killed = true;
		break;
	case MACHINE_DISCARD:
		check(w, wm->phase == WORLD_EMPTY, "who is undone is empty");
		wm->phase = WORLD_NONE;
		break;
	case MACHINE_SET_TIMER:
		check(w, a->arg >= 0, "no timer lies in the past");
		wm->armed |= 1U << a->timer;
		break;
	case MACHINE_STOP_TIMER:
		check(w, wm->armed & 1U << a->timer, "only timers that run are stopped");
		wm->armed &= ~(1U << a->timer);
		break;
	case MACHINE_ACTIVATE:
		check(w, wm->phase == WORLD_RUNS || wm->phase == WORLD_RELEASING, "who serves runs");
		break;
	case MACHINE_END:
		end(w, out, at);
		break;
	case MACHINE_TRANSITION:
		break;
	}
}

/* -- rules for a whole step ------------------------------------------------------------------- */

static void check_transitions(struct world *w, enum machine_state before,
			      const struct machine_actions *out)
{
	enum machine_state at = before;

	for (unsigned i = 0; i < out->n; i++) {
		if (out->v[i].type != MACHINE_TRANSITION)
			continue;
		check(w, out->v[i].from == at, "transitions are a chain");
		at = out->v[i].to;
	}
	check(w, at == w->m.state, "every transition is told");
}

/* An end that nobody asked for is always written down. */
static void check_exit(struct world *w, const struct world *before, const struct machine_event *ev,
		       const struct machine_actions *out)
{
	enum member_state state = before->m.members[ev->member].state;
	bool is_told = false;

	if (state != MEMBER_RUNNING && state != MEMBER_RELEASED)
		return; /* a standby's is not the service's */
	for (unsigned i = 0; i < out->n; i++)
		is_told |= out->v[i].type == MACHINE_TRANSITION && out->v[i].member == ev->member &&
			   (ev->clean || out->v[i].cause == ev->cause);
	check(w, is_told, "no end of a member that ran is lost");
}

/* Nobody serves: somebody's time comes, or what is left of somebody goes. */
static bool waits_for_something(const struct world *w)
{
	for (int i = 0; i < w->m.n_members; i++)
		if (w->m.members[i].armed & (1U << TIMER_START | 1U << TIMER_BACKOFF | 1U << TIMER_FENCE) ||
		    w->members[i].phase == WORLD_BUILDING)
			return true;
	return false;
}

/* By the clock, but for those that people, or the end of the wait itself, let go. */
static void check_pace(struct world *w, const struct world *before, const struct machine_event *ev,
		       const struct machine_actions *out, long long now_ms)
{
	bool is_asked = ev->type == EVENT_SWITCH || ev->type == EVENT_ADD || ev->type == EVENT_TIMER;

	for (unsigned i = 0; i < out->n && !is_asked; i++)
		check(w, (out->v[i].type != MACHINE_RELEASE && out->v[i].type != MACHINE_HEAT) ||
				 !pace_owes(&before->m.members[out->v[i].member].starts, now_ms),
		      "starts are spaced");
}

static bool machine_is_hot_mode(const struct machine *m)
{
	return m->policy->mode == MODE_HOT || m->policy->mode == MODE_FROZEN;
}

static void check_state(struct world *w)
{
	const struct machine *m = &w->m;
	int n_app = 0, n_of_use = 0, n_warm = 0;

	for (int i = 0; i < m->n_members; i++) {
		const struct world_member *wm = &w->members[i];
		n_app += wm->app && !wm->killed && !wm->told;
		check(w, m->members[i].armed == wm->armed, "the machine knows its timers");
		check(w, m->members[i].ran == wm->app, "the machine knows who ran");
		check(w, !m->members[i].retired || !(m->members[i].state == MEMBER_RELEASED ||
						     m->members[i].state == MEMBER_RUNNING),
		      "who is retired does not serve");
		n_of_use += m->members[i].state != MEMBER_GONE && !m->members[i].retired;
		n_warm += m->members[i].state == (machine_is_hot_mode(m) ? MEMBER_HOT : MEMBER_WARM);
	}
	if (m->state == SERVICE_ACTIVE || m->state == SERVICE_DEGRADED) {
		check(w, m->members[m->active].state == MEMBER_RUNNING, "the active one runs");
		check(w, (m->state == SERVICE_DEGRADED) ==
				 (!n_warm && n_of_use > 1 && w->policy.mode != MODE_COLD),
		      "degraded is: active without a ready standby");
	}
	check(w, n_app <= 1 || w->overlap, "one runs");
	check(w, !machine_is_waiting(m) || waits_for_something(w), "who waits knows for what");
}

void world_step(struct world *w, const struct machine_event *ev, long long now_ms,
		struct machine_actions *ret)
{
	struct world before = *w;

	happen(w, ev);
	machine_step(&w->m, ev, now_ms, ret);
	if ((ev->type == EVENT_SWITCH || ev->type == EVENT_ADD) && ret->n)
		w->overlap = ev->overlap;
	check(w, ret->n < MACHINE_ACTIONS_MAX, "there is room for the actions");
	for (unsigned i = 0; i < ret->n; i++)
		perform(w, ret, i);
	check_transitions(w, before.m.state, ret);
	if (ev->type == EVENT_EXITED)
		check_exit(w, &before, ev, ret);
	check_pace(w, &before, ev, ret, now_ms);
	check_state(w);
}

/* -- as bytes --------------------------------------------------------------------------------- */

static unsigned char *pack_member(unsigned char *p, const struct machine_member *mm,
				  const struct world_member *wm)
{
	*p++ = (unsigned char)((mm->starts.until_ms > 0) | (mm->builds.until_ms > 0) << 1);
	*p++ = (unsigned char)(mm->state | mm->failed << 4 | mm->ran << 5 | mm->dirty << 6 |
			       mm->retired << 7);
	*p++ = (unsigned char)mm->restarts;
	*p++ = (unsigned char)mm->armed;
	*p++ = (unsigned char)(wm->phase | wm->app << 4 | wm->killed << 5 | wm->told << 6);
	*p++ = (unsigned char)(mm->heated | mm->is_ready << 1 | mm->is_promoting << 2 | wm->hot << 3 | wm->promoting << 4);
	return p;
}

static const unsigned char *unpack_member(const unsigned char *p, enum machine_mode mode, struct machine_member *mm,
					  struct world_member *wm)
{
	*mm = (struct machine_member){ .starts.until_ms = p[0] & 1, .builds.until_ms = p[0] >> 1,
				       .state = p[1] & 15, .failed = p[1] & 16, .ran = p[1] & 32,
				       .dirty = p[1] & 64, .retired = p[1] & 128,
				       .restarts = p[2], .armed = p[3], .mode = mode,
				       .heated = p[5] & 1, .is_ready = p[5] & 2, .is_promoting = p[5] & 4 };
	*wm = (struct world_member){ .phase = p[4] & 15, .app = p[4] & 16, .killed = p[4] & 32,
				     .told = p[4] & 64, .armed = p[3], .hot = p[5] & 8, .promoting = p[5] & 16 };
	return p + 6;
}

/* What makes a difference. */
static unsigned char used_budget(const struct machine *m)
{
	unsigned used = budget_used(&m->budget, 0), most = m->policy->max_failures + 1;

	if (m->policy->max_failures == BUDGET_NONE)
		return 0;
	return (unsigned char)(used < most ? used : most);
}

void world_pack(const struct world *w, struct world_key *ret)
{
	const struct machine *m = &w->m;
	unsigned char *p = ret->v;

	memset(ret, 0, sizeof *ret);
	*p++ = (unsigned char)m->state;
	*p++ = (unsigned char)m->n_members;
	*p++ = (unsigned char)(m->active + 1);
	*p++ = (unsigned char)(m->target + 1);
	*p++ = (unsigned char)m->primary;
	*p++ = (unsigned char)(m->upgraded + 1);
	*p++ = (unsigned char)(m->replaced + 1);
	*p++ = (unsigned char)(m->overlap | w->overlap << 1 | w->has_ended << 2 | m->failed_back << 3 |
			       m->flaps << 4 | (m->cause == CAUSE_MANUAL) << 5 | m->last_chance << 6);
	*p++ = (unsigned char)m->end;
	*p++ = used_budget(m);
	for (int i = 0; i < m->n_members; i++)
		p = pack_member(p, &m->members[i], &w->members[i]);
}

void world_unpack(struct world *w, const struct world *like, const struct world_key *key)
{
	const unsigned char *p = key->v;

	*w = (struct world){ .policy = like->policy, .members_max = like->members_max };
	struct machine *m = &w->m;
	machine_init(m, &w->policy, p[1], 1);
	m->state = p[0];
	m->active = p[2] - 1;
	m->target = p[3] - 1;
	m->primary = p[4];
	m->upgraded = p[5] - 1;
	m->replaced = p[6] - 1;
	m->overlap = p[7] & 1;
	w->overlap = p[7] & 2;
	w->has_ended = p[7] & 4;
	m->failed_back = p[7] & 8;
	m->flaps = p[7] & 16;
	m->last_chance = p[7] & 64;
	m->cause = p[7] & 32 ? CAUSE_MANUAL : CAUSE_NONE;
	m->end = p[8];
	for (int i = 0; i < p[9]; i++)
		budget_spend(&m->budget, 0);
	p += 10;
	for (int i = 0; i < m->n_members; i++)
		p = unpack_member(p, w->policy.mode, &m->members[i], &w->members[i]);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * machine: every state that the machine and its members can get into, breadth first, under several
 * policies; machine_world.c checks each step. From every state a world without further failures leads
 * back to a service that is active, or to its end, and STOP leads to the end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "machine_world.h"
#include "within.h"

#define FRIENDLY_STEPS 64
#define AN_HOUR_MS 3600000LL

struct reach {
	struct world like;
	struct world_key *keys;
	uint32_t *from; /* the state that each was found from, to tell the way */
	struct machine_event *by;
	uint32_t n, cap;
	uint32_t *index; /* hash table of number + 1 */
	uint32_t index_size;
	unsigned most_actions;
};

static uint64_t hash(const struct world_key *key)
{
	uint64_t h = 0xcbf29ce484222325;

	for (size_t i = 0; i < WORLD_KEY_USED(key); i++)
		h = (h ^ key->v[i]) * 0x100000001b3;
	return h ^ h >> 29;
}

static void enter(struct reach *r, uint32_t number)
{
	uint32_t at = (uint32_t)hash(&r->keys[number]) & (r->index_size - 1);

	while (r->index[at])
		at = (at + 1) & (r->index_size - 1);
	r->index[at] = number + 1;
}

static void grow(struct reach *r)
{
	r->cap = r->cap ? r->cap * 2 : 4096;
	r->keys = realloc(r->keys, r->cap * sizeof *r->keys);
	r->from = realloc(r->from, r->cap * sizeof *r->from);
	r->by = realloc(r->by, r->cap * sizeof *r->by);
	free(r->index);
	r->index_size = r->cap * 2;
	r->index = calloc(r->index_size, sizeof *r->index);
	assert_true(r->keys && r->from && r->by && r->index);
	for (uint32_t i = 0; i < r->n; i++)
		enter(r, i);
}

static void found(struct reach *r, const struct world *w, uint32_t from,
		  const struct machine_event *by)
{
	struct world_key key;

	world_pack(w, &key);
	uint32_t at = (uint32_t)hash(&key) & (r->index_size - 1);
	for (; r->index[at]; at = (at + 1) & (r->index_size - 1))
		if (!memcmp(&r->keys[r->index[at] - 1], &key, sizeof key))
			return;
	if (r->n == r->cap)
		grow(r);
	r->keys[r->n] = key;
	r->from[r->n] = from;
	r->by[r->n] = *by;
	enter(r, r->n++);
}

/* -- telling how it came to that -------------------------------------------------------------- */

static void show(const struct world *w)
{
	print_message("  %s active %d target %d:", machine_state_name(w->m.state), w->m.active,
		      w->m.target);
	for (int i = 0; i < w->m.n_members; i++)
		print_message(" %s%s", machine_member_state_name(w->m.members[i].state),
			      w->m.members[i].failed ? "!" : "");
	print_message("\n");
}

static void show_way(const struct reach *r, uint32_t number)
{
	struct world w;

	if (r->from[number] != number)
		show_way(r, r->from[number]);
	print_message("  event %d of %d timer %d overlap %d\n", (int)r->by[number].type,
		      r->by[number].member, (int)r->by[number].timer, r->by[number].overlap);
	world_unpack(&w, &r->like, &r->keys[number]);
	show(&w);
}

static void refuse(const struct reach *r, uint32_t number, const struct machine_event *ev,
		   const struct world *w, const char *why)
{
	show_way(r, number);
	if (ev)
		print_message("  event %d of %d timer %d overlap %d\n", (int)ev->type, ev->member,
			      (int)ev->timer, ev->overlap);
	show(w);
	fail_msg("%s", why);
}

/* -- from each state -------------------------------------------------------------------------- */

static bool is_steady(const struct world *w)
{
	return w->m.state == SERVICE_ACTIVE || w->m.state == SERVICE_DEGRADED;
}

static bool must_come_to(struct world *w, bool (*is_there)(const struct world *w))
{
	struct machine_actions out;
	struct machine_event ev;

	for (int i = 0; i < FRIENDLY_STEPS && !w->wrong; i++) {
		if (w->has_ended || is_there(w))
			return true;
		if (!world_next_friendly(w, &ev))
			return false;
		world_step(w, &ev, 0, &out);
	}
	return false;
}

static bool is_never(const struct world *w)
{
	(void)w;
	return false;
}

static void check_ways_out(const struct reach *r, uint32_t number)
{
	const struct machine_event stop = { .type = EVENT_STOP, .member = -1, .cause = CAUSE_STOP };
	struct machine_actions out;
	struct world w;

	world_unpack(&w, &r->like, &r->keys[number]);
	if (!must_come_to(&w, is_steady))
		refuse(r, number, NULL, &w, w.wrong ? w.wrong : "it is stuck here");
	world_unpack(&w, &r->like, &r->keys[number]);
	world_step(&w, &stop, 0, &out);
	if (!must_come_to(&w, is_never))
		refuse(r, number, &stop, &w, w.wrong ? w.wrong : "it cannot be stopped from here");
}

/* -- what does not fit ------------------------------------------------------------------------ */

#define BIT(x) (1U << (x))

/* The states of a member in which an event says anything. */
static const unsigned member_fits[EVENTS] = {
	[EVENT_BUILT] = BIT(MEMBER_BUILDING) | BIT(MEMBER_RUNNING) | BIT(MEMBER_TERMINATING),
	[EVENT_BUILD_FAILED] = BIT(MEMBER_BUILDING),
	[EVENT_RELEASED] = BIT(MEMBER_RELEASED) | BIT(MEMBER_HEATING),
	[EVENT_RELEASE_FAILED] = BIT(MEMBER_RELEASED) | BIT(MEMBER_HEATING),
	[EVENT_READY] = BIT(MEMBER_RELEASED) | BIT(MEMBER_HEATING),
	[EVENT_PROMOTED] = BIT(MEMBER_RELEASED),
	[EVENT_EXITED] = BIT(MEMBER_DRAINING) | BIT(MEMBER_BUILDING) | BIT(MEMBER_WARM) | BIT(MEMBER_RELEASED) |
			 BIT(MEMBER_HEATING) | BIT(MEMBER_HOT) | BIT(MEMBER_RUNNING) | BIT(MEMBER_TERMINATING) | BIT(MEMBER_FENCING),
	[EVENT_UNHEALTHY] = BIT(MEMBER_RELEASED) | BIT(MEMBER_RUNNING) | BIT(MEMBER_HEATING) | BIT(MEMBER_HOT),
	[EVENT_EMPTY] = BIT(MEMBER_FENCING) | BIT(MEMBER_TERMINATING),
};

static const unsigned timer_fits[TIMERS] = {
	[TIMER_READY] = BIT(MEMBER_RELEASED) | BIT(MEMBER_HEATING),	    [TIMER_TERM] = BIT(MEMBER_TERMINATING) | BIT(MEMBER_DRAINING),
	[TIMER_FENCE] = BIT(MEMBER_FENCING),	    [TIMER_BACKOFF] = BIT(MEMBER_QUARANTINED),
	[TIMER_START] = BIT(MEMBER_ABSENT) | BIT(MEMBER_BUILDING) | BIT(MEMBER_WARM),
	[TIMER_HEALTHY] = BIT(MEMBER_RUNNING),	    [TIMER_STABLE] = BIT(MEMBER_RUNNING),
	[TIMER_FAILBACK] = BIT(MEMBER_WARM) | BIT(MEMBER_HOT),
};

#define STEADY (BIT(SERVICE_ACTIVE) | BIT(SERVICE_DEGRADED))

/* The states of the service, for what is asked of it. */
static const unsigned service_fits[EVENTS] = {
	[EVENT_START] = BIT(SERVICE_STARTING),
	[EVENT_ADOPT] = BIT(SERVICE_STARTING),
	[EVENT_SWITCH] = STEADY | BIT(SERVICE_PROMOTING),
	[EVENT_ADD] = STEADY | BIT(SERVICE_PROMOTING),
	[EVENT_STOP] = STEADY | BIT(SERVICE_STARTING) | BIT(SERVICE_FENCING) |
		       BIT(SERVICE_PROMOTING) | BIT(SERVICE_STOPPING),
};

static bool can_fit(const struct machine *m, const struct machine_event *ev)
{
	if ((ev->type == EVENT_SWITCH || ev->type == EVENT_ADD) && m->state == SERVICE_PROMOTING)
		return machine_is_waiting(m);
	if (service_fits[ev->type])
		return service_fits[ev->type] & BIT(m->state);
	if (ev->member < 0 || ev->member >= m->n_members || machine_is_over(m))
		return false;
	const struct machine_member *mm = &m->members[ev->member];
	if (ev->type == EVENT_TIMER)
		return ev->timer < TIMERS && mm->armed & BIT(ev->timer) &&
		       timer_fits[ev->timer] & BIT(mm->state);
	return member_fits[ev->type] & BIT(mm->state);
}

/* Every event in this state: one that cannot fit changes nothing and asks for nothing. */
static void check_misfits(const struct reach *r, uint32_t number, const struct world *w)
{
	struct machine_actions out;

	for (int type = 0; type <= EVENTS; type++)
		for (int i = -2; i <= w->m.n_members; i++)
			for (int timer = 0; timer <= (type == EVENT_TIMER ? TIMERS : 0); timer++) {
				struct machine_event ev = { .type = (enum event_type)type, .member = i,
							    .timer = (enum machine_timer)timer };
				struct machine m = w->m;
				if (type < EVENTS && can_fit(&m, &ev))
					continue;
				machine_step(&m, &ev, 0, &out);
				for (int k = 0; type == EVENT_TIMER && k < m.n_members; k++)
					m.members[k].armed = w->m.members[k].armed;
				if (out.n || memcmp(&m, &w->m, sizeof m))
					refuse(r, number, &ev, w, "what does not fit changes nothing");
			}
}

/* Time stands still, or flies: then all failures are forgotten, and nobody owes anything. */
static void explore(struct reach *r, bool time_flies, bool asked)
{
	struct machine_event events[WORLD_EVENTS];
	struct machine_actions out;

	for (uint32_t at = 0; at < r->n; at++) {
		struct world w, next;
		world_unpack(&w, &r->like, &r->keys[at]);
		unsigned n = world_events(&w, asked, events);
		for (unsigned i = 0; i < n; i++) {
			next = w;
			next.m.policy = &next.policy;
			if (time_flies)
				budget_init(&next.m.budget, next.policy.max_failures, 1);
			world_step(&next, &events[i], time_flies ? AN_HOUR_MS : 0, &out);
			if (out.n > r->most_actions)
				r->most_actions = out.n;
			if (time_flies)
				budget_init(&next.m.budget, next.policy.max_failures, 1);
			if (next.wrong)
				refuse(r, at, &events[i], &next, next.wrong);
			found(r, &next, at, &events[i]);
		}
		check_misfits(r, at, &w);
		check_ways_out(r, at);
	}
}

static const struct machine_policy usual = {
	.max_failures = 2, .window_ms = 60000, .backoff_min_ms = 100, .backoff_max_ms = 10000,
	.stop_timeout_ms = 10000, .fence_timeout_ms = 5000, .failback_ms = -1,
};

struct row {
	const char *name;
	struct machine_policy policy; /* what differs from the usual one */
	int n, max;
	bool time_flies, asked;
	const char *adopted; /* a letter a member: see adopt() */
};

static struct machine_policy policy_of(const struct row *row)
{
	struct machine_policy p = usual;

	p.restarts = row->policy.restarts;
	p.wants_ready = row->policy.wants_ready;
	p.ready_timeout_ms = row->policy.ready_timeout_ms;
	p.mode = row->policy.mode;
	p.drain_ms = row->policy.drain_ms;
	p.overlap_wants_ready = row->policy.overlap_wants_ready;
	p.heat_wants_ready = p.wants_ready;
	p.failback_ms = row->policy.failback_ms;
	if (row->policy.stop_timeout_ms < 0)
		p.stop_timeout_ms = 0;
	if (row->policy.max_failures)
		p.max_failures = row->policy.max_failures == BUDGET_NONE ? BUDGET_NONE : row->policy.max_failures - 1;
	return p;
}

/* r: serves, t: runs and is to end, e: serves and ends, w: waits at its gate, h: hot, g: gone, -: not there. */
static struct machine_event adopt(struct world *w, const char *members)
{
	static const enum member_state states[] = { ['r'] = MEMBER_RUNNING, ['t'] = MEMBER_TERMINATING,
						    ['e'] = MEMBER_RUNNING, ['w'] = MEMBER_WARM,
						    ['h'] = MEMBER_HOT, ['g'] = MEMBER_GONE, ['-'] = MEMBER_ABSENT };
	struct machine_event first = { .type = EVENT_ADOPT, .member = -1, .cause = CAUSE_ADOPT };

	for (int i = 0; members[i]; i++) {
		bool runs = strchr("rte", members[i]) != NULL;
		if (members[i] == 'e')
			first = (struct machine_event){ .type = EVENT_EXITED, .cause = CAUSE_UNKNOWN_EXIT,
							.status = 255 };
		if (runs && (first.member < 0 || members[i] != 't'))
			first.member = i;
		w->members[i] = (struct world_member){ .phase = runs || members[i] == 'h' ? WORLD_RUNS :
								members[i] == 'w' ? WORLD_AT_GATE :
										    WORLD_NONE,
						       .app = runs, .hot = members[i] == 'h' };
		machine_restore(&w->m, i, states[(unsigned char)members[i]]);
	}
	return first;
}

static void reach_all(const struct row *row)
{
	struct machine_policy policy = policy_of(row);
	struct machine_event first = { .type = EVENT_START, .cause = CAUSE_START };
	struct machine_actions out;
	struct reach r = { 0 };
	struct world w;

	world_init(&r.like, &policy, row->n);
	r.like.members_max = row->max;
	w = r.like;
	w.m.policy = &w.policy;
	grow(&r);
	if (row->adopted)
		first = adopt(&w, row->adopted);
	world_step(&w, &first, 0, &out);
	assert_null(w.wrong);
	found(&r, &w, 0, &first);
	explore(&r, row->time_flies, row->asked);
	print_message("%s: %u states, at most %u actions a step\n", row->name, r.n, r.most_actions);
	free(r.keys);
	free(r.from);
	free(r.by);
	free(r.index);
}

#define READY .wants_ready = true, .ready_timeout_ms = 1000
#define MANUAL .failback_ms = -1
#define HOT .mode = MODE_HOT, .max_failures = BUDGET_NONE

static void every_reachable_state_is_sound(void **state)
{
	static const struct row rows[] = {
		{ "one", { MANUAL }, 1, 1, .asked = true },
		{ "one, ready", { MANUAL, READY }, 1, 1, .asked = true },
		{ "two", { MANUAL }, 2, 2, .asked = true },
		{ "two, ready", { MANUAL, READY }, 2, 2, .asked = true },
		{ "two, ready, time flies", { MANUAL, READY }, 2, 2, .asked = true, .time_flies = true },
		{ "two, no failure borne", { MANUAL, READY, .max_failures = 1 }, 2, 2, .asked = true },
		{ "two, restarts", { MANUAL, READY, .restarts = 1 }, 2, 2, .asked = true },
		{ "two, cold", { MANUAL, READY, .mode = MODE_COLD }, 2, 2, .asked = true },
		{ "two, hot", { MANUAL, READY, HOT }, 2, 2, .asked = true },
		{ "two, hot, no readiness", { MANUAL, HOT }, 2, 2 },
		{ "two, hot, budget", { MANUAL, READY, .mode = MODE_HOT, .max_failures = 1 }, 2, 2 },
		{ "two, frozen, time flies", { MANUAL, READY, .mode = MODE_FROZEN }, 2, 2, .time_flies = true },
		{ "two, hot, failback", { READY, HOT, .failback_ms = 5 }, 2, 2, .time_flies = true },
		{ "one, hot, upgraded", { MANUAL, READY, HOT }, 1, 2, .asked = true, .time_flies = true },
		{ "two, who is replaced drains", { MANUAL, READY, .drain_ms = 5 }, 2, 2, .asked = true },
		{ "one, upgraded, drains", { MANUAL, READY, .drain_ms = 5 }, 1, 2, .asked = true, .time_flies = true },
		{ "two, ready to replace", { MANUAL, .overlap_wants_ready = true, .ready_timeout_ms = 1000 }, 2, 2, .asked = true },
		{ "one, upgraded, ready to replace", { MANUAL, .overlap_wants_ready = true, .ready_timeout_ms = 1000 }, 1, 2, .asked = true },
		{ "adopted: one is hot", { MANUAL, READY, HOT }, 2, 2, .adopted = "rh" },
		{ "adopted: one ended beside a hot one", { MANUAL, READY, HOT }, 2, 2, .adopted = "eh" },
		{ "two, killed at once", { MANUAL, READY, .stop_timeout_ms = -1 }, 2, 2, .asked = true },
		{ "two, failback", { READY, .failback_ms = 5 }, 2, 2, .asked = true },
		{ "adopted: one serves", { MANUAL, READY }, 2, 2, .asked = true, .adopted = "r-" },
		{ "adopted: both run", { MANUAL, READY }, 2, 2, .asked = true, .adopted = "tr" },
		{ "adopted: both run, the primary serves", { MANUAL, READY }, 2, 2, .adopted = "rt" },
		{ "adopted: one is to end", { MANUAL, READY }, 2, 2, .asked = true, .adopted = "tw" },
		{ "adopted: one ended", { MANUAL, READY }, 2, 2, .asked = true, .adopted = "ew" },
		{ "adopted: one ended beside one that ends", { MANUAL, READY }, 3, 3, .adopted = "et-" },
		{ "adopted: all wait", { MANUAL, READY }, 2, 2, .asked = true, .adopted = "ww" },
		{ "adopted: nobody is there", { MANUAL, READY }, 2, 2, .asked = true, .adopted = "--" },
		{ "adopted: one that waits, cold", { MANUAL, .mode = MODE_COLD }, 2, 2, .asked = true, .adopted = "-w" },
		{ "adopted: one that is gone", { MANUAL, READY }, 2, 3, .asked = true, .adopted = "gr" },
		{ "one, upgraded", { MANUAL, READY }, 1, 2, .asked = true, .time_flies = true },
		{ "three", { MANUAL }, 3, 3, .time_flies = true },
		{ "three, budget", { MANUAL }, 3, 3 },
		{ "two, no budget", { MANUAL, READY, .max_failures = BUDGET_NONE }, 2, 2, .asked = true },
		{ "three, asked", { MANUAL, READY }, 3, 3, .time_flies = true, .asked = true },
		{ "three, cold", { MANUAL, READY, .mode = MODE_COLD }, 3, 3, .time_flies = true, .asked = true },
		{ "two, upgraded", { MANUAL, READY }, 2, 3, .asked = true, .time_flies = true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		reach_all(&rows[i]);
}

/* The most members: by chance, as far as that leads; it is about the room for the actions. */
static void many_members_fit(void **state)
{
	struct machine_event events[WORLD_EVENTS];
	struct machine_actions out;
	uint32_t random = 1;
	unsigned most = 0;

	(void)state;
	for (int walk = 0; walk < 2000; walk++) {
		struct machine_event ev = { .type = EVENT_START, .cause = CAUSE_START };
		struct world w;
		world_init(&w, &usual, MACHINE_MEMBERS_MAX);
		for (int i = 0; i < 400 && !w.has_ended; i++) {
			world_step(&w, &ev, i * 100000LL, &out);
			if (w.wrong)
				fail_msg("%s", w.wrong);
			most = out.n > most ? out.n : most;
			/* To build is likelier than to fail, and people ask seldom. */
			random = random * 1103515245 + 12345;
			bool asked = random >> 16 & 1 && (random >> 17 & 63) == 0;
			if (random >> 24 & 3 && world_next_friendly(&w, &ev))
				continue;
			unsigned n = world_events(&w, asked, events);
			if (n)
				ev = events[(random >> 8) % n];
		}
	}
	print_message("at most %u actions a step\n", most);
	assert_within(most, MACHINE_MEMBERS_MAX, MACHINE_ACTIONS_MAX - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_reachable_state_is_sound),
		cmocka_unit_test(many_members_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * machine: the failover state machine of one service, pure: (state, event, now) -> (state, actions). No
 * I/O, no clock, no allocation: what happens in the world comes in as events, what is to be done goes
 * out as actions, in order. The words are those of contrib/man hart-failover(7).
 *
 * The invariant, fence before promote: MACHINE_RELEASE or MACHINE_PROMOTE of a member is only ever asked for when
 * every other member that served is known to be empty (EVENT_EMPTY), but for an overlapping switch, where both
 * run from the new one's release until the old one has stopped. A hot standby's program runs before that, and gets
 * no client and no generation until it is promoted.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "machine/budget.h"
#include "machine/causes.h"
#include "machine/pace.h"

#define MACHINE_MEMBERS_MAX 16
#define MACHINE_HEALTHY_MS 10000 /* a member that has served for so long is well: what failed before does not count any more */
#define MACHINE_LOOP 5 /* failures in a row that are called a loop */

enum machine_state {
	SERVICE_STARTING, /* the first member is built, released, not ready yet */
	SERVICE_ACTIVE,
	SERVICE_DEGRADED, /* active without a ready standby, though there should be one */
	SERVICE_FENCING, /* the failed or replaced member is being killed, or stopped */
	SERVICE_PROMOTING, /* the next one is built, released, not ready yet */
	SERVICE_STOPPING, /* asked to stop; everything is being killed */
	SERVICE_COMPLETED, /* ends: clean exit */
	SERVICE_EXHAUSTED, /* budget spent */
	SERVICE_STOPPED, /* asked */
	SERVICE_STATES,
};

enum member_state {
	MEMBER_ABSENT, /* to be built: at once, or when it is needed (cold) */
	MEMBER_BUILDING,
	MEMBER_WARM, /* created, blocked at its gate */
	MEMBER_HEATING, /* a hot standby: its program runs, and is not ready yet */
	MEMBER_HOT, /* the same, ready; a frozen one executes nothing */
	MEMBER_RELEASED, /* told to run, or to serve; not ready yet */
	MEMBER_RUNNING, /* ready */
	MEMBER_DRAINING, /* replaced: it finishes what its clients have asked for, and gets no new ones */
	MEMBER_TERMINATING, /* got the stop signal: a planned switch or a stop */
	MEMBER_FENCING, /* killed; not known to be empty */
	MEMBER_QUARANTINED, /* could not be built; the next try is put off */
	MEMBER_GONE, /* retired by an upgrade: never used again; its place may be */
	MEMBER_STATES,
};

enum machine_cause {
#define CAUSE(id, name, is_failure, has_status, words, meaning) CAUSE_##id,
	MACHINE_CAUSES(CAUSE)
#undef CAUSE
	CAUSES,
};

enum machine_timer {
	TIMER_READY, /* released but not ready: per member */
	TIMER_TERM, /* the stop signal was not heeded, or, of one that drains, is due: per member */
	TIMER_FENCE, /* the kill is not confirmed: per member */
	TIMER_BACKOFF, /* quarantine is over: per member */
	TIMER_START, /* nobody serves, and it is the first that may be started again */
	TIMER_HEALTHY, /* the active one was well for so long that no failure before it counts: per member */
	TIMER_STABLE, /* the active one was well for a window: per member */
	TIMER_FAILBACK,
	TIMERS,
};

enum event_type {
	EVENT_START, /* the first event of a new service */
	EVENT_ADOPT, /* the first event of an adopted one: `member` serves (see machine_restore); -1: nobody does */
	EVENT_BUILT, /* member is warm */
	EVENT_BUILD_FAILED,
	EVENT_RELEASED, /* its execve succeeded */
	EVENT_RELEASE_FAILED, /* or what PROMOTE asked for failed */
	EVENT_READY, /* READY=1, or its first probe succeeded; of a standby also: it listens on all held ports */
	EVENT_PROMOTED, /* it has been told that it serves: what PROMOTE asked for is done */
	EVENT_EXITED, /* its init ended by itself; clean, cause and status say how */
	EVENT_UNHEALTHY, /* cause: watchdog, probe, oom, stall */
	EVENT_EMPTY, /* no process of it is left: its cgroup says populated 0 and its init is gone */
	EVENT_TIMER, /* timer, member */
	EVENT_SWITCH, /* asked for: to `member` (-1: the next), overlap, cause */
	EVENT_ADD, /* upgrade: `member`, a free place (machine_free_place), is new; built, then switched to */
	EVENT_STOP, /* asked for: status is the signal that was or is to be sent (0: the policy's) */
	EVENTS,
};

struct machine_event {
	enum event_type type;
	int member; /* index; -1 where there is none */
	enum machine_cause cause;
	int status; /* EXITED: exit code, or 128 + signal; STOP: signal */
	bool clean; /* EXITED: success by policy */
	bool overlap; /* SWITCH, ADD */
	enum machine_timer timer;
};

enum action_type {
	MACHINE_BUILD, /* create the member up to its gate: answers BUILT or BUILD_FAILED */
	MACHINE_RELEASE, /* next generation, then let it run: RELEASED or RELEASE_FAILED */
	MACHINE_HEAT, /* let it run as a standby: RELEASED or RELEASE_FAILED */
	MACHINE_FREEZE, /* a standby that is ready: it executes nothing until PROMOTE or KILL */
	MACHINE_PROMOTE, /* next generation, then let the standby that runs serve: PROMOTED or RELEASE_FAILED */
	MACHINE_TERM, /* send the stop signal (arg; 0: the policy's) to its init */
	MACHINE_KILL, /* cgroup.kill: answers EMPTY when confirmed (also when it was empty before) */
	MACHINE_DISCARD, /* undo it: remove cgroup, mounts, state folder; it is empty */
	MACHINE_SET_TIMER, /* timer, member, arg = ms; replaces the running one */
	MACHINE_STOP_TIMER,
	MACHINE_TRANSITION, /* to be written down: from, to, cause, status */
	MACHINE_ACTIVATE, /* `member` serves from now on: status shows its pid */
	MACHINE_END, /* the service is over; arg is the exit status */
};

struct machine_action {
	enum action_type type;
	int member;
	long long arg;
	enum machine_timer timer;
	enum machine_state from, to;
	enum machine_cause cause;
	int status;
};

#define MACHINE_ACTIONS_MAX 64

struct machine_actions {
	struct machine_action v[MACHINE_ACTIONS_MAX];
	unsigned n;
};

/* What a standby does until it is needed: --standby-mode. */
enum machine_mode {
	MODE_WARM, /* waits at its gate */
	MODE_COLD, /* is not there */
	MODE_HOT, /* its program runs */
	MODE_FROZEN, /* its program has been started, and then frozen */
};

struct machine_policy {
	unsigned restarts; /* in place before failing over */
	unsigned max_failures; /* BUDGET_NONE: it never gives up */
	long long window_ms;
	long long backoff_min_ms, backoff_max_ms; /* from start to start, and from build to build that fails */
	long long ready_timeout_ms; /* 0: readiness is not asked for: RELEASED is ready */
	bool wants_ready; /* READY=1 or a probe makes it ready */
	long long drain_ms; /* the one that was replaced in an overlap gets the stop signal so long after; 0: at once */
	long long stop_timeout_ms; /* between the stop signal and the kill; 0: kill at once */
	long long fence_timeout_ms;
	enum machine_mode mode; /* of those that bring none of their own: machine_set_mode() */
	bool overlap_wants_ready; /* EVENT_READY ends an overlap, though readiness is not asked for otherwise */
	bool heat_wants_ready; /* a standby's EVENT_READY makes it hot; else that its program runs */
	long long failback_ms; /* -1: manual */
};

struct machine_member {
	enum member_state state;
	enum machine_mode mode;
	bool heated; /* its program was started as a standby's */
	bool is_ready; /* as a standby already */
	bool is_promoting; /* PROMOTE has not been answered */
	unsigned restarts; /* in place since it was last stable */
	struct pace starts, builds;
	bool failed; /* since the service was well */
	bool ran; /* released, and not known to be empty since */
	bool dirty; /* empty, but not undone yet */
	bool retired; /* ends as GONE */
	unsigned armed; /* a bit for each machine_timer */
};

struct machine {
	const struct machine_policy *policy; /* borrowed */
	enum machine_state state;
	struct budget budget;
	struct machine_member members[MACHINE_MEMBERS_MAX]; /* 0 is the primary */
	int n_members;
	int active; /* the one that runs, or ran last; in an overlap the old one until the new is ready; -1: none */
	int target; /* the one that is being promoted, or is to be after the fence; -1: to be chosen */
	int primary; /* where failback leads to: 0, or the last upgrade that proved stable */
	int upgraded; /* upgrade: the new one, which has yet to prove stable; -1: none */
	int replaced; /* upgrade: the one that is retired when it has; -1: none */
	bool overlap; /* the switch under way is one */
	bool failed_back; /* the last failback has yet to prove stable */
	bool flaps; /* it did not: no other one is made until the primary has proved stable */
	bool last_chance; /* the budget is spent: only members that have not failed are tried */
	unsigned failures_in_a_row; /* since the service was well */
	enum machine_cause cause; /* of the transition under way */
	int last_status; /* of the last end of an active member */
	enum machine_state end; /* what STOPPING ends in */
	enum machine_cause end_cause;
	uint32_t random; /* see pace.h; seeded by machine_init */
};

/* `policy` must outlive it; n_members >= 1; `seed` for the jitter of backoffs. */
void machine_init(struct machine *m, const struct machine_policy *policy, int n_members,
		  uint32_t seed);

/* Before its first event; of a member that an upgrade adds, after it. */
void machine_set_mode(struct machine *m, int member, enum machine_mode mode);

/*
 * Where EVENT_ADD can put a new member: the next index or, when all have been used, the place of the `nth` (from 0)
 * that is gone. -1 when there is none. Place 0 and the primary's are never another's.
 */
int machine_free_place(const struct machine *m, int nth);

/*
 * For adopt, before its first event: MEMBER_GONE; MEMBER_WARM; MEMBER_HOT; MEMBER_RUNNING: it serves, or did when it ended;
 * MEMBER_TERMINATING: it runs, and is to end for another one to serve.
 */
void machine_restore(struct machine *m, int member, enum member_state state);

/* For adopt: a failure of an active member that the budget has counted; in order. */
void machine_restore_failure(struct machine *m, long long at_ms);

/*
 * For adopt: what a member had behind it when its supervisor ended: when it was started last, how long it is to last
 * before it owes nothing, and so on, as in struct machine_member. Adopt by hand goes before all waiting: nothing is owed.
 */
void machine_restore_past(struct machine *m, int member, const struct machine_member *past);

/* True when a fence for that cause was a failure, and not asked for. */
bool machine_cause_is_failure(enum machine_cause c);
/* True when the status of an event says more of it. */
bool machine_cause_has_status(enum machine_cause c);

/*
 * Takes one event at `now_ms` (any monotonic clock) and fills `ret` with what is to be done, in that
 * order. An event that does not fit the state (late, or of a member that has moved on) changes
 * nothing and asks for nothing.
 */
void machine_step(struct machine *m, const struct machine_event *ev, long long now_ms,
		  struct machine_actions *ret);

/* ACTIVE or DEGRADED. */
bool machine_is_steady(const struct machine *m);

/* Nobody serves, and nobody is being started: whoever is next waits for its time. Until when: the least of `until_ms`
 * of those that TIMER_START or TIMER_BACKOFF runs for. */
bool machine_is_waiting(const struct machine *m);

/* True when SWITCH and ADD are heeded: in either of the above. */
bool machine_may_switch(const struct machine *m);

/* A standby of whom no more can be had before it is needed. */
bool machine_stands_by(const struct machine_member *mm);

/* It has failed so often in a row that somebody should look. */
bool machine_is_looping(const struct machine *m);

/* True in the three ends. */
bool machine_is_over(const struct machine *m);

/* "fencing", "quarantined", "watchdog": as journal, status and the documentation write them. */
const char *machine_state_name(enum machine_state s);
const char *machine_member_state_name(enum member_state s);
const char *machine_cause_name(enum machine_cause c);
/* -1: no cause of this version. */
int machine_cause_of(const char *name);
/* For people, with "%d" for a status; "": the rest says enough. */
const char *machine_cause_words(enum machine_cause c);
const char *machine_cause_meaning(enum machine_cause c);
/* What happened to the member, for people: "killed by signal 9"; else its name. */
void machine_cause_describe(enum machine_cause c, int status, char *text, size_t size);

/*
 * The failover of one service, for spin. What decides is shim/machine/*.c itself, compiled into the verifier (box.h).
 * Modelled here is all around it, without a look at how the machine works: processes that are built, run, hang, leave
 * others behind, heed a signal or not, end and are killed at any moment, also between two actions of the shim; what
 * the shim hears of that, and when; timers, which go off whenever they are armed; people. Checked:
 *   fence before promote   nobody is let go before every other one that was let go is known to be empty, but the new
 *                          one of an overlap that was asked for, beside the old one        (assertion in release)
 *   hot, frozen            a standby's program may run before that, and is let serve (clients, fd store, generation) by the
 *                          same rule (assertion in promote); a frozen one that waits executes nothing     (FROZEN_IS)
 *   no lost exit           who has ended is not held for running any more, and its end is told (assertion in HEAR_EXIT)
 *   no deadlock            when nothing moves any more, the service is over, or whole: one runs in good health and
 *                          each of its standbys waits at its gate                                         (watch)
 *   recovers               it does not go on for ever without a service that is active, or its end          (ltl)
 *   budget                 when no program lives (CRASHING), the service becomes exhausted, whatever happens (ltl)
 * Bounded (bounds.h) are: what people ask for, builds that fail, fences that take longer than their time. The machine's
 * clock stands still: no failure leaves the budget, who fails owes the time to its next start until its timer goes
 * off, and who fails again and again must come to an end.
 */
#include "bounds.h"

c_decl {
\#include "box.h"
};
c_state "struct box box" "Global"

#define NOBODY 255
#if MEMBERS == 2
#define EACH(what) what(0) what(1)
#define ALL(what) (what(0) && what(1))
#else
#define EACH(what) what(0) what(1) what(2)
#define ALL(what) (what(0) && what(1) && what(2))
#endif

/* What there is of a member. */
bool builder[MEMBERS], proc[MEMBERS], kid[MEMBERS]; /* they live: builder, init, another process of its cgroup */
bool had[MEMBERS]; /* there was an init */
bool past[MEMBERS]; /* it is past its gate: its program runs, or ran */
bool lives[MEMBERS]; /* it does not end by itself */
bool ill[MEMBERS]; /* it hangs */
bool killed[MEMBERS], termed[MEMBERS]; /* termed: and it heeds that */

/* What can be read about it. */
#define DONE 1
#define FAILED 2
byte built[MEMBERS], gated[MEMBERS];
bool says_ready[MEMBERS], looks_ill[MEMBERS], clean[MEMBERS];

/* What the shim knows beside the machine. */
bool hot[MEMBERS]; /* let go as a standby */
bool frozen[MEMBERS]; /* as one that is ready: it executes nothing */
bool promoting[MEMBERS]; /* and no answer yet */
bool go[MEMBERS]; /* let go, and no answer read yet */
bool heard[MEMBERS]; /* of the end of init */
bool fenced[MEMBERS]; /* killed, and not confirmed yet */
bool begun, over, exhausted;

/* For the rules. */
bool ran[MEMBERS]; /* let go, and since then not confirmed to be empty */
byte beside = NOBODY, newcomer = NOBODY; /* of the last overlap that was asked for, until one of them is to end */

byte asks, troubles, slow_fences; /* still to come */
byte who; /* the argument of the action */
bool served; /* the argument of HEAR_EXIT */

#define STATE_IS(state_) c_expr { now.box.state == state_ }
#define MAY_SWITCH (STEADY || c_expr { now.box.state == SERVICE_PROMOTING && now.box.target == BOX_NOBODY })
#define STEADY c_expr { now.box.state == SERVICE_ACTIVE || now.box.state == SERVICE_DEGRADED }
#define MEMBER_IS(i, state_) c_expr { now.box.member[i] == state_ }
#define ALIVE(i) (proc[i] || kid[i])
/* Told when a way that breaks a rule is replayed. */
#define STEP(...) \
	c_code { \
		if (readtrail) \
			puts(#__VA_ARGS__); \
		box_step(&now.box, &(struct machine_event){ __VA_ARGS__ }); \
	}; \
	assert(c_expr { !now.box.full })

/* -- members --------------------------------------------------------------------------------- */

/* It goes on by itself, and may hang; or it is to end. */
inline fare(i)
{
#if CRASHING
	skip
#else
	if
	:: lives[i] = 1
	:: lives[i] = 1; ill[i] = 1; looks_ill[i] = 1
	:: skip
	fi
#endif
}

/* Its program is there: what sort it is comes out now. */
inline begin(i)
{
	gated[i] = DONE;
	past[i] = 1;
	fare(i);
	if
	:: kid[i] = 1
	:: skip
	fi;
#if READY
	if
	:: says_ready[i] = 1
	:: lives[i] = 1 /* it never gets ready */
	fi
#endif
}

inline end(i)
{
	proc[i] = 0;
#if !CRASHING
	if
	:: past[i] && !killed[i] -> clean[i] = 1
	:: skip
	fi
#endif
}

proctype member(byte i)
{
end_absent:
	do
	:: atomic { builder[i] -> builder[i] = 0; proc[i] = 1; had[i] = 1; built[i] = DONE }
	:: atomic { builder[i] && troubles -> troubles--; builder[i] = 0; built[i] = FAILED }
	:: atomic { proc[i] && !past[i] && !go[i] && troubles -> troubles--; proc[i] = 0 }
	:: atomic { proc[i] && !past[i] && go[i] && !gated[i] -> begin(i) }
	:: atomic { proc[i] && !past[i] && go[i] && !gated[i] -> gated[i] = FAILED; proc[i] = 0 } /* execve */
	:: atomic { proc[i] && (!frozen[i] && (past[i] && !lives[i] || termed[i]) || killed[i]) -> end(i) }
	:: atomic { kid[i] && killed[i] -> kid[i] = 0 }
	:: over -> break
	od
}

/* -- the shim: actions ----------------------------------------------------------------------- */

inline forget(i)
{
	had[i] = 0; past[i] = 0; lives[i] = 0; ill[i] = 0; killed[i] = 0; termed[i] = 0; built[i] = 0;
	gated[i] = 0; hot[i] = 0; frozen[i] = 0; promoting[i] = 0; says_ready[i] = 0; looks_ill[i] = 0; clean[i] = 0; go[i] = 0; heard[i] = 0; fenced[i] = 0
}

inline build(i)
{
	assert(!builder[i] && !ALIVE(i)); /* nobody is built twice */
	forget(i);
	builder[i] = 1
}

#define LETS_GO(k) (k == who || !ran[k] || k == beside && who == newcomer)

/* Who has ended at its gate is not heard of before it is let go: that fails then. */
inline release(i)
{
	assert(ALL(LETS_GO)); /* fence before promote */
	assert(!go[i] && !past[i] && !killed[i]);
	ran[i] = 1;
	go[i] = 1
}

/* As a standby: beside whoever serves. */
inline heat(i)
{
	assert(!go[i] && !past[i] && !killed[i] && !ran[i]);
	hot[i] = 1;
	go[i] = 1
}

inline freeze(i)
{
	assert(hot[i] && !ran[i]);
	frozen[i] = 1
}

inline promote(i)
{
	assert(ALL(LETS_GO)); /* fence before promote */
	assert(hot[i] && !killed[i]);
	ran[i] = 1;
	frozen[i] = 0;
	promoting[i] = 1
}

inline end_overlap(i)
{
	if
	:: i == beside || i == newcomer -> beside = NOBODY; newcomer = NOBODY
	:: else
	fi
}

inline term(i)
{
	assert((ran[i] || hot[i]) && !frozen[i] && !killed[i]);
	end_overlap(i);
	if
	:: termed[i] = 1
	:: skip
	fi
}

inline kill(i)
{
	end_overlap(i);
	builder[i] = 0;
	killed[i] = 1;
	fenced[i] = 1
}

inline discard(i)
{
	assert(!builder[i] && !ALIVE(i) && !ran[i]); /* only what is empty is undone */
	forget(i)
}

#define IS_GONE(i) (!builder[i] && !ALIVE(i) && !ran[i] && c_expr { !now.box.armed[i] })

inline finish()
{
	assert(!over && ALL(IS_GONE));
	assert(STATE_IS(SERVICE_COMPLETED) || STATE_IS(SERVICE_EXHAUSTED) || STATE_IS(SERVICE_STOPPED));
	over = 1;
	exhausted = STATE_IS(SERVICE_EXHAUSTED)
}

#define NEXT_IS(action) c_expr { now.box.todo[0][0] == action }

inline act()
{
	c_code { now.who = now.box.todo[0][1]; };
	if
	:: NEXT_IS(MACHINE_BUILD) -> build(who)
	:: NEXT_IS(MACHINE_RELEASE) -> release(who)
	:: NEXT_IS(MACHINE_HEAT) -> heat(who)
	:: NEXT_IS(MACHINE_FREEZE) -> freeze(who)
	:: NEXT_IS(MACHINE_PROMOTE) -> promote(who)
	:: NEXT_IS(MACHINE_TERM) -> term(who)
	:: NEXT_IS(MACHINE_KILL) -> kill(who)
	:: NEXT_IS(MACHINE_DISCARD) -> discard(who)
	:: NEXT_IS(MACHINE_END) -> finish()
	fi;
	who = 0;
	c_code { box_done(&now.box); }
}

/* -- the shim: events ------------------------------------------------------------------------ */

/* Macros, as spin puts no arguments into C. */
#define HEAR_EXIT(i) \
	heard[i] = 1; \
	served = MEMBER_IS(i, MEMBER_RUNNING) || MEMBER_IS(i, MEMBER_RELEASED); \
	STEP(.type = EVENT_EXITED, .member = i, .cause = CAUSE_EXIT, .status = now.clean[i] ? 0 : 3, \
	     .clean = now.clean[i]); \
	assert(MEMBER_IS(i, MEMBER_FENCING) && (!served || c_expr { now.box.told })); /* no lost exit */ \
	served = 0

/* What an overlap lets run beside each other is what people were heeded in. */
inline note_switch(overlap)
{
	if
	:: c_expr { now.box.heeded } && overlap -> c_code {
		now.beside = now.box.active;
		now.newcomer = now.box.target;
	   }
	:: c_expr { now.box.heeded } && !overlap -> beside = NOBODY; newcomer = NOBODY
	:: else
	fi
}

#define ASK_SWITCH(i, overlap_) \
	asks--; \
	STEP(.type = EVENT_SWITCH, .member = i, .cause = CAUSE_MANUAL, .overlap = overlap_); \
	note_switch(overlap_)

#define ASK_UPGRADE(i, overlap_) \
	asks--; \
	STEP(.type = EVENT_ADD, .member = i, .cause = CAUSE_UPGRADE, .overlap = overlap_); \
	note_switch(overlap_)

#define ASK_STOP(signal) \
	asks--; \
	STEP(.type = EVENT_STOP, .member = -1, .cause = CAUSE_STOP, .status = signal)

#define IDLE (begun && !over && c_expr { !now.box.n_todo })
#define ARMED(i, timer_) c_expr { now.box.armed[i] & 1 << timer_ }
#define MAY_ADD(i) c_expr { now.box.machine[1] == i }
#define GATE_CLOSED(i) (gated[i] == FAILED || !gated[i] && !proc[i])

#define TIMER_OF(i, timer_) \
	:: atomic { IDLE && ARMED(i, timer_) -> STEP(.type = EVENT_TIMER, .member = i, .timer = timer_) }

/* The gate is read before the end of init is heard; for all else the order is open. */
#define EVENTS_OF(i) \
	:: atomic { IDLE && built[i] == DONE -> built[i] = 0; STEP(.type = EVENT_BUILT, .member = i) } \
	:: atomic { IDLE && built[i] == FAILED -> built[i] = 0; \
		STEP(.type = EVENT_BUILD_FAILED, .member = i, .cause = CAUSE_BUILD) } \
	:: atomic { IDLE && go[i] && gated[i] == DONE -> go[i] = 0; STEP(.type = EVENT_RELEASED, .member = i) } \
	:: atomic { IDLE && go[i] && GATE_CLOSED(i) -> go[i] = 0; \
		STEP(.type = EVENT_RELEASE_FAILED, .member = i, .cause = CAUSE_EXEC) } \
	:: atomic { IDLE && says_ready[i] && !frozen[i] -> says_ready[i] = 0; STEP(.type = EVENT_READY, .member = i) } \
	:: atomic { IDLE && promoting[i] -> promoting[i] = 0; STEP(.type = EVENT_PROMOTED, .member = i) } \
	:: atomic { IDLE && promoting[i] && troubles -> troubles--; promoting[i] = 0; \
		STEP(.type = EVENT_RELEASE_FAILED, .member = i, .cause = CAUSE_EXEC) } \
	:: atomic { IDLE && looks_ill[i] && !go[i] && !frozen[i] -> looks_ill[i] = 0; \
		STEP(.type = EVENT_UNHEALTHY, .member = i, .cause = CAUSE_PROBE) } \
	:: atomic { IDLE && had[i] && !proc[i] && !go[i] && !heard[i] -> HEAR_EXIT(i) } \
	:: atomic { IDLE && fenced[i] && !ALIVE(i) && (heard[i] || !had[i]) -> \
		fenced[i] = 0; ran[i] = 0; hot[i] = 0; STEP(.type = EVENT_EMPTY, .member = i) } \
	TIMER_OF(i, TIMER_READY) \
	TIMER_OF(i, TIMER_TERM) \
	TIMER_OF(i, TIMER_BACKOFF) \
	TIMER_OF(i, TIMER_START) \
	TIMER_OF(i, TIMER_HEALTHY) \
	TIMER_OF(i, TIMER_STABLE) \
	TIMER_OF(i, TIMER_FAILBACK) \
	:: atomic { IDLE && ARMED(i, TIMER_FENCE) && ALIVE(i) && slow_fences -> slow_fences--; \
		STEP(.type = EVENT_TIMER, .member = i, .timer = TIMER_FENCE) } \
	:: atomic { IDLE && asks && MAY_SWITCH -> ASK_SWITCH(i, 0) } \
	:: atomic { IDLE && asks && MAY_SWITCH -> ASK_SWITCH(i, 1) } \
	:: atomic { IDLE && asks && MAY_SWITCH && MAY_ADD(i) -> ASK_UPGRADE(i, 0) } \
	:: atomic { IDLE && asks && MAY_SWITCH && MAY_ADD(i) -> ASK_UPGRADE(i, 1) }

/* What is asked for is done: then it executes nothing as long as it waits. */
#define FROZEN_IS(i) (!MEMBER_IS(i, MEMBER_HOT) || frozen[i])

proctype shim()
{
	atomic {
		begun = 1;
#if ADOPTED
		had[0] = 1; proc[0] = 1; past[0] = 1; ran[0] = 1;
		fare(0);
		STEP(.type = EVENT_ADOPT, .member = 0)
#else
		STEP(.type = EVENT_START, .member = 0, .cause = CAUSE_START)
#endif
	};
end_idle:
	do
#if HOT == 2
	:: atomic { IDLE && !(ALL(FROZEN_IS)) -> assert(false) }
#endif
	:: atomic { c_expr { now.box.n_todo } -> act() }
	EACH(EVENTS_OF)
	:: atomic { IDLE && asks && MAY_SWITCH -> ASK_SWITCH(-1, 0) }
	:: atomic { IDLE && asks && MAY_SWITCH -> ASK_SWITCH(-1, 1) }
	:: atomic { IDLE && asks -> ASK_STOP(0) }
	:: atomic { IDLE && asks -> ASK_STOP(9) }
	:: over -> break
	od
}

/* -- rules ----------------------------------------------------------------------------------- */

#define SERVES(i) (c_expr { now.box.active == i } && MEMBER_IS(i, MEMBER_RUNNING) && proc[i] && past[i] && !ill[i] && !frozen[i])
#define WAITS(i) (HOT == 0 && MEMBER_IS(i, MEMBER_WARM) && proc[i] && !past[i] || \
	HOT && MEMBER_IS(i, MEMBER_HOT) && proc[i] && past[i] && !ran[i] && (HOT == 2 || !ill[i]))
#define IS_NOT_THERE(i) (IS_GONE(i) && (MEMBER_IS(i, MEMBER_GONE) || COLD && MEMBER_IS(i, MEMBER_ABSENT) || \
	c_expr { now.box.machine[1] <= i }))
#define IS_AT_REST(i) (SERVES(i) || WAITS(i) || IS_NOT_THERE(i))

proctype watch()
{
	timeout -> assert(over || STATE_IS(SERVICE_ACTIVE) && ALL(IS_AT_REST))
}

init {
	c_code { box_begin(&now.box, 1 + STANDBYS); };
	atomic {
		select(asks : 0 .. ASKED);
		select(troubles : 0 .. TROUBLES);
		select(slow_fences : 0 .. 1);
		run shim();
		run member(0);
		run member(1);
#if MEMBERS > 2
		run member(2);
#endif
		run watch()
	}
}

#ifdef RECOVERS
ltl recovers { [] <> (over || STEADY) }
#endif
#if CRASHING
ltl budget { <> exhausted }
#endif

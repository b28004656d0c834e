/*
 * The failover of one service, for spin: the machine is shim/machine*.c itself, compiled into the verifier; around it
 * everything that may happen can happen at any time (tests/unit/machine_world.c: builders, kernel, timers, people).
 * Checked: each rule of the world after each step, among them
 *   fence before promote   one runs, but for an overlapping switch; nobody is let go beside one that may still run
 *   no lost exit           every end of a member is answered
 *   no deadlock            when nothing can happen any more, the service is over
 * and, with time standing still,
 *   budget                 members do not fail for ever: the service is exhausted
 */
c_decl {
\#include "drive.h"
};
c_state "struct world_key key" "Global"

bool wrong, failing, over;
short n, pick;

active proctype world()
{
	c_code { drive_begin(&now.key); };
	do
	:: atomic {
		c_code { now.n = drive_events(&now.key); };
		if
		:: n == 0 -> break
		:: else -> select(pick : 1 .. n)
		fi;
		c_code {
			struct drive_seen seen = drive_step(&now.key, now.pick - 1);
			now.wrong = seen.wrong;
			now.failing = seen.failing;
			now.over = seen.over;
			now.n = 0;
			now.pick = 0;
		};
		assert(!wrong)
	   }
	od;
	assert(over)
}

#ifdef BUDGET
ltl budget { <>[]!failing }
#endif

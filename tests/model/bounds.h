/* SPDX-License-Identifier: Apache-2.0 */
/* bounds: what is modelled, for failover.pml and box.c; run gives other values with -D. */

/* Members: STANDBYS and the first at the start, up to MEMBERS (2 or 3) with those that upgrades add. */
#ifndef MEMBERS
#define MEMBERS 2
#endif
#ifndef STANDBYS
#define STANDBYS 1
#endif

/* The policy. */
#ifndef FAILURES /* that the budget bears */
#define FAILURES 1
#endif
#ifndef RESTARTS
#define RESTARTS 0
#endif
#ifndef BACKOFF /* 1: too short for anybody to owe any of it; 100: who fails owes the rest */
#define BACKOFF 1
#endif
#ifndef READY /* programs say when they are ready */
#define READY 0
#endif
#ifndef COLD
#define COLD 0
#endif
#ifndef HOT /* standbys' programs run; 2: and are frozen when they are ready */
#define HOT 0
#endif
#ifndef FAILBACK
#define FAILBACK 0
#endif

/* The world. */
#ifndef ADOPTED /* the first member runs already, of a shim before */
#define ADOPTED 0
#endif
#ifndef CRASHING /* no program lives, or ends well */
#define CRASHING 0
#endif
#ifndef ASKED /* so often, at most, people ask for a switch, an upgrade or a stop */
#define ASKED 0
#endif
#ifndef TROUBLES /* so many builds, at most, fail or end at their gates */
#define TROUBLES 1
#endif

/* watch: of the member that is watched: the active one, or the one that is to be. */
#pragma once

#include "loop/loop.h"
#include "policy/policy.h"
#include "watch/oom.h"
#include "watch/probe.h"
#include "watch/stall.h"

struct member;

struct watch {
	struct member *member; /* NULL: nobody */
	struct probe probe;
	struct timer watchdog;
	long long watchdog_ns; /* 0: none */
	struct oom oom;
	struct stall stalls[POLICY_STALLS_MAX];
	unsigned n_stalls;
};

void watch_init(struct watch *w);

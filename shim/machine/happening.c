/* SPDX-License-Identifier: Apache-2.0 */
/* machine/happening: see happening.h. */
#include "machine/happening.h"

const struct happening happening_starting = { "starting", true };
const struct happening happening_takeover = { "takeover", false };
const struct happening happening_restart = { "restarted", false };
const struct happening happening_warning = { "warning", false };
const struct happening happening_callout = { "warning", true };

static const struct happening started = { "started", false };
static const struct happening adopted = { "adopted", false };
static const struct happening failed = { "failed", false };
static const struct happening switching = { "switching", true };
static const struct happening promoting = { "promoting", true };
static const struct happening recovered = { "recovered", true }; /* a takeover says it as well */
static const struct happening switched = { "switched", false };
static const struct happening switch_failed = { "switch-failed", false };
static const struct happening upgraded = { "upgraded", false };
static const struct happening rolled_back = { "rolled-back", false };
static const struct happening degraded = { "degraded", false };
static const struct happening standby_ready = { "standby-ready", false };
static const struct happening looping = { "looping", false };
static const struct happening stuck = { "stuck", false };
static const struct happening stopping = { "stopping", true };
static const struct happening completed = { "completed", false };
static const struct happening exhausted = { "exhausted", false };
static const struct happening stopped = { "stopped", false };

static bool is_failure(const struct machine_action *a)
{
	return machine_cause_is_failure(a->cause);
}

/* From fencing to promoting the cause is told once more. */
static bool is_failure_of_who_served(const struct machine_action *a)
{
	return is_failure(a) && (a->to == SERVICE_FENCING || a->to == SERVICE_STOPPING ||
				 (a->to == SERVICE_PROMOTING && a->from != SERVICE_FENCING));
}

static const struct happening *of_promoted(const struct machine_action *a, int active)
{
	if (a->member != active)
		return &switch_failed;
	if (is_failure(a))
		return &recovered;
	return a->cause == CAUSE_UPGRADE ? &upgraded : a->cause == CAUSE_ROLLBACK ? &rolled_back : &switched;
}

static const struct happening *of_active(const struct machine_action *a, int active)
{
	switch (a->from) {
	case SERVICE_STARTING:
		return &started;
	case SERVICE_DEGRADED:
		return &standby_ready;
	default:
		return of_promoted(a, active);
	}
}

const struct happening *happening_of(const struct machine_action *a, int active)
{
	static const struct happening *const by_cause[CAUSES] = {
		[CAUSE_LOOP] = &looping, [CAUSE_FENCE_TIMEOUT] = &stuck, [CAUSE_ADOPT] = &adopted,
	};
	static const struct happening *const by_state[SERVICE_STATES] = {
		[SERVICE_STARTING] = &happening_starting, [SERVICE_DEGRADED] = &degraded,   [SERVICE_STOPPING] = &stopping,
		[SERVICE_COMPLETED] = &completed, [SERVICE_EXHAUSTED] = &exhausted, [SERVICE_STOPPED] = &stopped,
	};

	if (by_cause[a->cause])
		return by_cause[a->cause];
	if (a->to == SERVICE_ACTIVE)
		return of_active(a, active);
	if (is_failure_of_who_served(a))
		return &failed;
	if (by_state[a->to])
		return by_state[a->to];
	return a->to == SERVICE_FENCING ? &switching : &promoting;
}

/* machine/names: the words of the journal, of status and of the documentation. */
#include "machine/machine.h"

#include <string.h>

const char *machine_state_name(enum machine_state s)
{
	static const char *const names[SERVICE_STATES] = {
		[SERVICE_STARTING] = "starting",   [SERVICE_ACTIVE] = "active",
		[SERVICE_DEGRADED] = "degraded",   [SERVICE_FENCING] = "fencing",
		[SERVICE_PROMOTING] = "promoting", [SERVICE_STOPPING] = "stopping",
		[SERVICE_COMPLETED] = "completed", [SERVICE_EXHAUSTED] = "exhausted",
		[SERVICE_STOPPED] = "stopped",
	};

	return names[s];
}

const char *machine_member_state_name(enum member_state s)
{
	static const char *const names[MEMBER_STATES] = {
		[MEMBER_ABSENT] = "absent",	    [MEMBER_BUILDING] = "building",
		[MEMBER_WARM] = "warm",		    [MEMBER_RELEASED] = "released",
		[MEMBER_HEATING] = "heating",	    [MEMBER_HOT] = "hot",
		[MEMBER_RUNNING] = "running",	    [MEMBER_TERMINATING] = "terminating",
		[MEMBER_FENCING] = "fencing",	    [MEMBER_QUARANTINED] = "quarantined",
		[MEMBER_GONE] = "gone",	    [MEMBER_DRAINING] = "draining",
	};

	return names[s];
}

const char *machine_cause_name(enum machine_cause c)
{
	static const char *const names[CAUSES] = {
		[CAUSE_NONE] = "none",
		[CAUSE_START] = "start",
		[CAUSE_EXIT] = "exit",
		[CAUSE_SIGNAL] = "signal",
		[CAUSE_UNKNOWN_EXIT] = "unknown-exit",
		[CAUSE_OOM] = "oom",
		[CAUSE_WATCHDOG] = "watchdog",
		[CAUSE_READY_TIMEOUT] = "ready-timeout",
		[CAUSE_PROBE] = "probe",
		[CAUSE_STALL] = "stall",
		[CAUSE_EXEC] = "exec",
		[CAUSE_BUILD] = "build",
		[CAUSE_MANUAL] = "manual",
		[CAUSE_UPGRADE] = "upgrade",
		[CAUSE_ROLLBACK] = "rollback",
		[CAUSE_FAILBACK] = "failback",
		[CAUSE_STOP] = "stop",
		[CAUSE_CLEAN_EXIT] = "clean-exit",
		[CAUSE_BUDGET] = "budget",
		[CAUSE_FENCE_TIMEOUT] = "fence-timeout",
		[CAUSE_STANDBY] = "standby",
		[CAUSE_ADOPT] = "adopt",
		[CAUSE_LOOP] = "loop",
	};

	return names[c];
}

bool machine_cause_is_failure(const char *name)
{
	for (enum machine_cause c = CAUSE_EXIT; c <= CAUSE_BUILD; c++)
		if (!strcmp(name, machine_cause_name(c)))
			return true;
	return false;
}

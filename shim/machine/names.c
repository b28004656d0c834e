/* SPDX-License-Identifier: Apache-2.0 */
/* machine/names: the words of the journal, of status and of the documentation. */
#include "machine/machine.h"

#include <stdio.h>
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

static const struct {
	const char *name, *words, *meaning;
	bool is_failure, has_status;
} causes[CAUSES] = {
#define CAUSE(id, name_, is_failure_, has_status_, words_, meaning_)                                                  \
	[CAUSE_##id] = { name_, words_, meaning_, is_failure_, has_status_ },
	MACHINE_CAUSES(CAUSE)
#undef CAUSE
};

const char *machine_cause_name(enum machine_cause c)
{
	return causes[c].name;
}

int machine_cause_of(const char *name)
{
	for (int c = 0; c < CAUSES; c++)
		if (!strcmp(name, causes[c].name))
			return c;
	return -1;
}

const char *machine_cause_words(enum machine_cause c)
{
	return causes[c].words ? causes[c].words : causes[c].name;
}

const char *machine_cause_meaning(enum machine_cause c)
{
	return causes[c].meaning;
}

bool machine_cause_is_failure(enum machine_cause c)
{
	return causes[c].is_failure;
}

bool machine_cause_has_status(enum machine_cause c)
{
	return causes[c].has_status;
}

void machine_cause_describe(enum machine_cause c, int status, char *text, size_t size)
{
	static const char number[] = "%d";
	const char *words = machine_cause_words(c);
	const char *at = strstr(words, number);

	if (at)
		snprintf(text, size, "%.*s%d%s", (int)(at - words), words, c == CAUSE_SIGNAL ? status - 128 : status,
			 at + sizeof number - 1);
	else
		snprintf(text, size, "%s", words);
}

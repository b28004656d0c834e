/* SPDX-License-Identifier: Apache-2.0 */
/* The words that transitions have for people: each is of one meaning, and steps are told from what they lead to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "machine/happening.h"

#define ACTIVE_ONE 1

static void each_transition_has_its_word(void **state)
{
	static const struct {
		enum machine_state from, to;
		enum machine_cause cause;
		int member;
		const char *word;
		bool is_step;
	} rows[] = {
		{ SERVICE_STARTING, SERVICE_ACTIVE, CAUSE_START, 1, "started", false },
		{ SERVICE_ACTIVE, SERVICE_DEGRADED, CAUSE_STANDBY, 0, "degraded", false },
		{ SERVICE_DEGRADED, SERVICE_ACTIVE, CAUSE_STANDBY, 0, "standby-ready", false },
		{ SERVICE_DEGRADED, SERVICE_FENCING, CAUSE_PROBE, 1, "failed", false },
		{ SERVICE_ACTIVE, SERVICE_PROMOTING, CAUSE_EXIT, 1, "failed", false },
		{ SERVICE_ACTIVE, SERVICE_STOPPING, CAUSE_SIGNAL, 1, "failed", false },
		{ SERVICE_FENCING, SERVICE_PROMOTING, CAUSE_SIGNAL, 1, "promoting", true },
		{ SERVICE_PROMOTING, SERVICE_ACTIVE, CAUSE_SIGNAL, 1, "recovered", true },
		{ SERVICE_ACTIVE, SERVICE_FENCING, CAUSE_MANUAL, 1, "switching", true },
		{ SERVICE_ACTIVE, SERVICE_PROMOTING, CAUSE_UPGRADE, 2, "promoting", true },
		{ SERVICE_PROMOTING, SERVICE_ACTIVE, CAUSE_MANUAL, 1, "switched", false },
		{ SERVICE_PROMOTING, SERVICE_ACTIVE, CAUSE_FAILBACK, 1, "switched", false },
		{ SERVICE_PROMOTING, SERVICE_ACTIVE, CAUSE_UPGRADE, 1, "upgraded", false },
		{ SERVICE_PROMOTING, SERVICE_ACTIVE, CAUSE_ROLLBACK, 1, "rolled-back", false },
		{ SERVICE_PROMOTING, SERVICE_ACTIVE, CAUSE_EXIT, 2, "switch-failed", false },
		{ SERVICE_FENCING, SERVICE_FENCING, CAUSE_LOOP, 1, "looping", false },
		{ SERVICE_FENCING, SERVICE_FENCING, CAUSE_FENCE_TIMEOUT, 0, "stuck", false },
		{ SERVICE_STARTING, SERVICE_ACTIVE, CAUSE_ADOPT, 1, "adopted", false },
		{ SERVICE_ACTIVE, SERVICE_STOPPING, CAUSE_STOP, 1, "stopping", true },
		{ SERVICE_STOPPING, SERVICE_STOPPED, CAUSE_STOP, 1, "stopped", false },
		{ SERVICE_STOPPING, SERVICE_EXHAUSTED, CAUSE_BUDGET, 1, "exhausted", false },
		{ SERVICE_STOPPING, SERVICE_COMPLETED, CAUSE_CLEAN_EXIT, 1, "completed", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct machine_action a = { .type = MACHINE_TRANSITION, .member = rows[i].member, .from = rows[i].from,
					    .to = rows[i].to, .cause = rows[i].cause };
		const struct happening *h = happening_of(&a, ACTIVE_ONE);
		assert_string_equal(h->word, rows[i].word);
		assert_int_equal(h->is_step, rows[i].is_step);
	}
}

static void no_transition_is_without_a_word(void **state)
{
	(void)state;
	for (int from = 0; from < SERVICE_STATES; from++)
		for (int to = 0; to < SERVICE_STATES; to++)
			for (int cause = 0; cause < CAUSES; cause++) {
				struct machine_action a = { .member = 0, .from = (enum machine_state)from,
							    .to = (enum machine_state)to, .cause = (enum machine_cause)cause };
				assert_non_null(happening_of(&a, ACTIVE_ONE)->word);
			}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_transition_has_its_word),
		cmocka_unit_test(no_transition_is_without_a_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

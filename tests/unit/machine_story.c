/* SPDX-License-Identifier: Apache-2.0 */
/* machine_story: see machine_story.h. */
#include "machine_story.h"
#include "within.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

const struct machine_policy story_simple = {
	.max_failures = 2, .window_ms = 60000, .backoff_min_ms = 100, .backoff_max_ms = 800,
	.stop_timeout_ms = 10000, .fence_timeout_ms = 5000, .failback_ms = -1,
};

struct machine_policy story_with_ready(void)
{
	struct machine_policy p = story_simple;

	p.wants_ready = true;
	p.ready_timeout_ms = 1000;
	return p;
}

static const char *const timer_names[TIMERS] = {
	[TIMER_READY] = "ready",     [TIMER_TERM] = "term",	[TIMER_FENCE] = "fence",
	[TIMER_BACKOFF] = "backoff", [TIMER_START] = "start",	[TIMER_HEALTHY] = "healthy",
	[TIMER_STABLE] = "stable",   [TIMER_FAILBACK] = "failback",
};

static void put_action(char *text, size_t size, const struct machine_action *a)
{
	static const char *const words[] = {
		[MACHINE_BUILD] = "build",     [MACHINE_RELEASE] = "release", [MACHINE_TERM] = "term",
		[MACHINE_KILL] = "kill",       [MACHINE_DISCARD] = "discard", [MACHINE_ACTIVATE] = "serves",
	};

	switch (a->type) {
	case MACHINE_SET_TIMER:
		snprintf(text, size, "%s%d+%lld", timer_names[a->timer], a->member, a->arg);
		break;
	case MACHINE_STOP_TIMER:
		snprintf(text, size, "%s%d-", timer_names[a->timer], a->member);
		break;
	case MACHINE_TRANSITION:
		snprintf(text, size, "%s>%s:%s", machine_state_name(a->from),
			 machine_state_name(a->to), machine_cause_name(a->cause));
		break;
	case MACHINE_END:
		snprintf(text, size, "end=%lld", a->arg);
		break;
	case MACHINE_TERM:
		snprintf(text, size, a->arg ? "term%d/%lld" : "term%d", a->member, a->arg);
		break;
	default:
		snprintf(text, size, "%s%d", words[a->type], a->member);
		break;
	}
}

void story_put(char *text, size_t size, const struct machine_actions *out)
{
	char word[128];
	size_t len = 0;

	*text = '\0';
	for (unsigned i = 0; i < out->n; i++) {
		put_action(word, sizeof word, &out->v[i]);
		int n = snprintf(text + len, size - len, "%s%s", i ? " " : "", word);
		assert_within(n, 0, size - len - 1);
		len += (size_t)n;
	}
}

/* Jitter has a test of its own. */
static void blur(char *text, const char *timer)
{
	char *at = text;

	while ((at = strstr(at, timer)) != NULL) {
		at += strlen(timer) + 1;
		if (*at != '+')
			continue;
		size_t digits = strspn(at + 1, "0123456789");
		memmove(at + 2, at + 1 + digits, strlen(at + 1 + digits) + 1);
		at[1] = 'B';
	}
}

void story_tell(const struct machine_policy *policy, int n_members, const struct line *lines,
		size_t n)
{
	struct machine_actions out;
	struct machine m;
	char text[4096];
	long long now_ms = 0;

	machine_init(&m, policy, n_members, 1);
	for (size_t i = 0; i < n; i++) {
		now_ms += lines[i].after_ms;
		machine_step(&m, &lines[i].ev, now_ms, &out);
		story_put(text, sizeof text, &out);
		blur(text, "backoff");
		blur(text, "start");
		if (policy->failback_ms == 0)
			blur(text, "failback");
		if (strcmp(text, lines[i].actions))
			print_message("line %zu, %s\n", i, machine_state_name(m.state));
		assert_string_equal(text, lines[i].actions);
	}
}

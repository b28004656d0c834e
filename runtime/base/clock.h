/* SPDX-License-Identifier: Apache-2.0 */
/* clock: time for deadlines, and as text. */
#pragma once

#include <limits.h>
#include <time.h>

#define NS_PER_US 1000LL
#define NS_PER_MS 1000000LL
#define NS_PER_S 1000000000LL

/* Milliseconds of CLOCK_MONOTONIC. */
static inline long long clock_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / NS_PER_MS;
}

/* What is left until then, as poll(2) takes it: -1 (for ever) for a deadline below 0. */
static inline int clock_left_ms(long long deadline_ms)
{
	if (deadline_ms < 0)
		return -1;
	long long left = deadline_ms - clock_now_ms();
	return left < 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

#define CLOCK_TEXT_SIZE 64

/* RFC 3339 in UTC with nanoseconds, "2026-11-23T09:00:00.000000000Z", for times since 1970; `text`
 * has CLOCK_TEXT_SIZE bytes. */
void clock_format_utc(const struct timespec *t, char *text);

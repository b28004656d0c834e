/* SPDX-License-Identifier: Apache-2.0 */
/* clock: see clock.h. Not gmtime_r and strftime: they read /etc/localtime, in every process anew. */
#include "base/clock.h"

#include <stdio.h>

#define DAY_S 86400
#define ERA_DAYS 146097 /* 400 years, after which the calendar repeats */

/* Counted from 1 March of the year 0, so that the leap day is a year's last. */
static void civil(long long days, int *year, int *month, int *day)
{
	long long z = days + 719468, era = z / ERA_DAYS, doe = z % ERA_DAYS;
	long long yoe = (doe - doe / 1460 + doe / 36524 - doe / (ERA_DAYS - 1)) / 365;
	long long doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;

	*day = (int)(doy - (153 * mp + 2) / 5 + 1);
	*month = (int)(mp < 10 ? mp + 3 : mp - 9);
	*year = (int)(yoe + era * 400 + (*month <= 2));
}

void clock_format_utc(const struct timespec *t, char *text)
{
	int year, month, day, second = (int)(t->tv_sec % DAY_S);

	civil(t->tv_sec / DAY_S, &year, &month, &day);
	snprintf(text, CLOCK_TEXT_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d.%09ldZ", year, month, day,
		 second / 3600, second / 60 % 60, second % 60, t->tv_nsec);
}

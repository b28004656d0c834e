/* SPDX-License-Identifier: Apache-2.0 */
/* log_time: see log_time.h. */
#include "log_time.h"

#include <ctype.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/quantity.h"

#define DATE_LEN 10 /* the least that says something */

/* The length without a Z at the end; 0: it is no beginning of a time. */
static size_t beginning_len(const char *text)
{
	static const char shape[] = "0000-00-00T00:00:00.000000000";
	size_t len = strlen(text);

	if (len > DATE_LEN && text[len - 1] == 'Z')
		len--;
	if (len < DATE_LEN || len >= sizeof shape)
		return 0;
	for (size_t i = 0; i < len; i++)
		if (shape[i] == '0' ? !isdigit((unsigned char)text[i]) : text[i] != shape[i])
			return 0;
	return len;
}

int log_time_parse(struct arena *a, const char *option, const char *text, const char **ret, struct err *e)
{
	char now[CLOCK_TEXT_SIZE];
	struct timespec t;
	uint64_t ago_ms;

	*ret = NULL;
	if (!text)
		return 0;
	if (quantity_duration(text, &ago_ms)) {
		clock_gettime(CLOCK_REALTIME, &t);
		long long then_ms = t.tv_sec * 1000LL + t.tv_nsec / 1000000;
		then_ms = ago_ms < (uint64_t)then_ms ? then_ms - (long long)ago_ms : 0;
		t = (struct timespec){ then_ms / 1000, then_ms % 1000 * 1000000 };
		clock_format_utc(&t, now);
		text = now;
	}
	size_t len = beginning_len(text);
	if (!len)
		return err_msg(e, EINVAL, "--%s %s: neither a time ago (10m, 2h30m) nor a time in UTC (2026-11-23T09:00:00Z, or its "
					  "beginning)", option, text);
	*ret = arena_strndup(a, text, len);
	return *ret ? 0 : err_set(e, ENOMEM, "read --%s", option);
}

int log_time_compare(const char *record, size_t len, const char *beginning)
{
	size_t n = strlen(beginning);
	int order = memcmp(record, beginning, len < n ? len : n);

	return order || len >= n ? order : -1;
}

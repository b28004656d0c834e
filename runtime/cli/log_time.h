/* SPDX-License-Identifier: Apache-2.0 */
/* log_time: a moment as a person writes it, for records that begin with their time in UTC. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct err;

/*
 * "10m": so long ago; or a time in UTC as records have it, or its beginning: "2026-11-23", "2026-11-23T09:00",
 * "2026-11-23T09:00:00.5Z". *ret is such a beginning, in `a`. -EINVAL names `option`.
 */
int log_time_parse(struct arena *a, const char *option, const char *text, const char **ret, struct err *e);

/* Of the record's time to that beginning: <0 before it, 0 within (that day, that minute), >0 after it. */
int log_time_compare(const char *record, size_t len, const char *beginning);

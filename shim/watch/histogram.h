/* SPDX-License-Identifier: Apache-2.0 */
/* histogram: how long something took, counted: for metrics. */
#pragma once

#include <stdint.h>

/* Upper bounds; above the last one is one bucket more. */
#define HISTOGRAM_BOUNDS 14
extern const long long histogram_bounds_us[HISTOGRAM_BOUNDS];

struct histogram {
	uint64_t buckets[HISTOGRAM_BOUNDS + 1], sum_us, n;
};

/* Counts one that took `us` microseconds. */
void histogram_add(struct histogram *h, long long us);

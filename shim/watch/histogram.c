/* SPDX-License-Identifier: Apache-2.0 */
/* histogram: see histogram.h. */
#include "watch/histogram.h"

const long long histogram_bounds_us[HISTOGRAM_BOUNDS] = {
	500,   1000,   2500,   5000,   10000,	25000,	 50000,
	100000, 250000, 500000, 1000000, 2500000, 5000000, 10000000,
};

void histogram_add(struct histogram *h, long long us)
{
	int i = 0;

	while (i < HISTOGRAM_BOUNDS && us > histogram_bounds_us[i])
		i++;
	h->buckets[i]++;
	h->sum_us += us > 0 ? (uint64_t)us : 0;
	h->n++;
}

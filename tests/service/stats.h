/* SPDX-License-Identifier: Apache-2.0 */
/* stats: what `load` counts, and how it is printed: one JSON object, and a line a time slot. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum outcome { DONE, REFUSED, RESET, TIMED_OUT, BROKEN, OUTCOMES };

struct samples { /* nanoseconds */
	int64_t *v;
	size_t n, cap;
};

struct slot {
	unsigned n[OUTCOMES];
};

struct stats {
	uint64_t n[OUTCOMES];
	struct samples latency, takeover;
	int64_t begin_ns, end_ns, last_ok_ns, longest_gap_ns;
	int64_t instance; /* start_ns of the newest instance that has answered */
	int64_t first_generation, generation;
	uint64_t late; /* answers of an instance that was not the newest any more */
	struct slot *slots;
	size_t n_slots;
	int64_t slot_ns;
};

void stats_init(struct stats *s, int64_t now, int64_t duration_ns, int64_t slot_ns);

/* A request has ended so. `body`: the answer of `web`, for DONE. */
void stats_add(struct stats *s, enum outcome o, int64_t began_ns, int64_t now, const char *body);

/* After the last one; prints to stdout. */
void stats_print(struct stats *s, int64_t now);

/* "t_ms ok refused reset timeouts broken", a line a slot. */
void stats_print_slots(const struct stats *s, const char *path);

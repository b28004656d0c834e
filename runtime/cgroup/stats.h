/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroup/stats: what a cgroup has used, as numbers (for the shim's metrics) and as the JSON that
 * `runc events --stats` prints. Files of controllers that are not turned on count as zeros.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cgroup/cgroup.h"

struct arena;
struct json_out;
struct err;

#define CGROUP_NO_LIMIT UINT64_MAX /* "max" */

/* Pressure stall information: averages in hundredths of a percent, time in microseconds. */
struct cgroup_psi_line {
	uint64_t avg10, avg60, avg300, total_us;
};

struct cgroup_psi {
	bool set; /* the kernel keeps it */
	struct cgroup_psi_line some, full;
};

struct cgroup_count {
	const char *key;
	uint64_t value;
};

struct cgroup_counts {
	struct cgroup_count *v;
	size_t n;
};

struct cgroup_io_stat {
	uint64_t major, minor, read_bytes, write_bytes, read_ios, write_ios;
};

struct cgroup_hugetlb_stat {
	const char *page_size; /* "2MB" */
	uint64_t usage_bytes, failures;
};

struct cgroup_stats {
	struct {
		uint64_t usage_us, user_us, system_us, periods, throttled, throttled_us;
		struct cgroup_psi psi;
	} cpu;
	struct {
		bool set; /* the controller is on */
		uint64_t usage_bytes, limit_bytes, peak_bytes;
		uint64_t swap_usage_bytes, swap_limit_bytes, swap_peak_bytes;
		struct cgroup_counts stat, events; /* memory.stat, memory.events */
		struct cgroup_psi psi;
	} memory;
	struct {
		uint64_t current, limit;
	} pids; /* limit: CGROUP_NO_LIMIT for none */
	struct {
		struct cgroup_io_stat *v;
		size_t n;
		struct cgroup_psi psi;
	} io;
	struct {
		struct cgroup_hugetlb_stat *v;
		size_t n;
	} hugetlb;
};

/* 0 for a key that is not there. */
uint64_t cgroup_count_of(const struct cgroup_counts *c, const char *key);

/* Reads all of it; the lists are in `a`. -ENOENT when the cgroup is gone. */
int cgroup_stats_read(struct cgroup *cg, struct arena *a, struct cgroup_stats *ret, struct err *e);

/* The "data" object of runc's stats event. */
void cgroup_stats_write(struct json_out *o, const struct cgroup_stats *s);

/* Parsers of the kernel's formats, for their unit tests. `text` is cut up and kept. */
int cgroup_counts_parse(struct arena *a, char *text, struct cgroup_counts *ret, struct err *e);
void cgroup_psi_parse(char *text, struct cgroup_psi *ret);

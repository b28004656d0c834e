/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroup/limits: linux.resources as what is to be written to which file. Pure: reads and writes
 * nothing, so that it can be tested without a cgroup.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "oci.h"

struct arena;
struct err;

/* The controllers, as bits of a set. */
enum cgroup_controller {
	CGROUP_CPU = 1 << 0,
	CGROUP_CPUSET = 1 << 1,
	CGROUP_IO = 1 << 2,
	CGROUP_MEMORY = 1 << 3,
	CGROUP_HUGETLB = 1 << 4,
	CGROUP_PIDS = 1 << 5,
	CGROUP_RDMA = 1 << 6,
	CGROUP_MISC = 1 << 7,
	CGROUP_DMEM = 1 << 8,
	CGROUP_OTHER = 1 << 9, /* asked for by `unified`, but not known here */
};

/* The set that a list of names separated by blanks or newlines stands for; strange names give
 * no bit. */
unsigned cgroup_controllers_parse(const char *text);

/* "+cpu +io" (prefix '+') or "cpu, io" (prefix 0). */
void cgroup_controllers_format(unsigned set, char prefix, char *buf, size_t size);

/* The controllers without which these resources (may be NULL) cannot be put in force. */
unsigned cgroup_controllers_asked(const struct oci_resources *r);

/* One write. */
struct cgroup_write {
	const char *file, *value;
	const char *alt_file, *alt_value; /* instead, when `file` is not there; NULL = none */
	bool may_miss; /* nothing is lost when there is no such file */
	bool again; /* EINVAL: once more after the next write (cpu.max.burst before cpu.max) */
};

struct cgroup_writes {
	struct cgroup_write *v;
	size_t n;
	struct arena *arena; /* must be set; holds what was composed, the rest is borrowed from `r` */
};

/* What an update that names one of a pair needs to know of the other. */
struct cgroup_current {
	struct opt_i64 memory_max, swap_max; /* bytes, -1 = max */
	struct opt_i64 quota_us; /* -1 = max */
};

/*
 * Appends the writes for all of `r` but the device rules, in the order they are to be made.
 * -EINVAL, by member, for what cannot be said on cgroup2 (a swap limit below the memory limit or
 * without one, a `unified` key with a slash). What cgroup2 has no notion of and runc ignores as
 * well is left out: kernel memory, swappiness, disableOOMKiller, realtime, leafWeight, network.
 */
int cgroup_limits_convert(const struct oci_resources *r, const struct cgroup_current *now,
			  struct cgroup_writes *out, struct err *e);

/* cpu.shares (2..262144) as cpu.weight (1..10000): the curve through (2, 1), (1024, 100) and
 * (262144, 10000) that runc 1.3 and crun 1.23 use. 0 stays 0. */
uint64_t cgroup_weight_of_shares(uint64_t shares);

/* blockIO.weight (10..1000) as io.weight (1..10000). */
uint64_t cgroup_io_weight(uint64_t weight);

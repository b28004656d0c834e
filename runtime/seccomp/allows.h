/* seccomp/allows: what a filter would say to calls that are still to be made. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct seccomp_filter;

struct seccomp_call {
	int number; /* SYS_* */
	uint64_t args[6]; /* 0 where they are not known */
};

/* True when all of `calls` would be made. */
bool seccomp_allows(const struct seccomp_filter *f, const struct seccomp_call *calls, size_t n);

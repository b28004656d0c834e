/* SPDX-License-Identifier: Apache-2.0 */
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

/* The first of `calls` that would not be made; NULL when all would. */
const struct seccomp_call *seccomp_refused(const struct seccomp_filter *f, const struct seccomp_call *calls, size_t n);

#define SECCOMP_REFUSED(f, calls) seccomp_refused(f, calls, sizeof(calls) / sizeof *(calls))

/* The call's name, for people. */
void seccomp_call_name(const struct seccomp_call *call, char *buf, size_t size);

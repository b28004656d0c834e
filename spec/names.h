/* SPDX-License-Identifier: Apache-2.0 */
/* names: the words of the runtime-spec that stand for numbers, and the words a string may be. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define NAME_SIZE 44

enum names_id {
	NAMES_NONE,
	NAMES_CAPABILITY,
	NAMES_RLIMIT,
	NAMES_NAMESPACE,
	NAMES_SCHED_POLICY,
	NAMES_SCHED_FLAG,
	NAMES_IOPRIO_CLASS,
	NAMES_SECCOMP_ACTION,
	NAMES_SECCOMP_OP,
	NAMES_SECCOMP_FLAG,
	NAMES_SECCOMP_ARCH,
	NAMES_MEMPOLICY_MODE,
	NAMES_MEMPOLICY_FLAG,
	NAMES_PERSONALITY,
	NAMES_PROPAGATION,
	NAMES_DEVICE_TYPE,
	NAMES_RULE_TYPE,
	NAMES_CLOCK,
	NAMES_STATUS,
	NAMES_COUNT
};

struct name {
	char text[NAME_SIZE];
	int32_t value;
};

/* The names of that id; *ret_n of them. */
const struct name *names_get(enum names_id id, size_t *ret_n);

/* The entry for text[0..len), or NULL. */
const struct name *names_find(enum names_id id, const char *text, size_t len);

/* The first name of a value, or NULL. */
const char *names_of(enum names_id id, int value);

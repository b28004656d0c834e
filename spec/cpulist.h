/* SPDX-License-Identifier: Apache-2.0 */
/* cpulist: lists of CPUs or memory nodes as the runtime-spec writes them: "0-3,7". */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Numbers above this are no list: far more than any kernel's CPUs or nodes. */
#define CPULIST_MAX 65535

/*
 * Reads the next range of *pos and moves behind it and its comma: true with *ret_first <=
 * *ret_last. False at the end (**pos is '\0') and at anything that is no list (it is not).
 */
bool cpulist_next(const char **pos, unsigned *ret_first, unsigned *ret_last);

/* True for one or more ranges. */
bool cpulist_valid(const char *list);

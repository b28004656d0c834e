/* SPDX-License-Identifier: Apache-2.0 */
/* bitlist: lists of CPUs or memory nodes, "0-3,7", as the bit masks that system calls take. */
#pragma once

#include <stddef.h>

struct err;

#define BITLIST_WORD_BITS (8 * sizeof(unsigned long))

/*
 * Sets the bits that `list` names in the zeroed `words`, which hold `n_bits` (a multiple of
 * BITLIST_WORD_BITS). -EINVAL when it is no list (cpulist.h), -ERANGE for a number >= n_bits.
 */
int bitlist_parse(const char *list, unsigned long *words, size_t n_bits, struct err *e);

/* bitlist: lists of CPUs or memory nodes, "0-3,7", as the kernel's cpusets write them. */
#pragma once

#include <stddef.h>

struct err;

#define BITLIST_WORD_BITS (8 * sizeof(unsigned long))

/*
 * Sets the bits that `list` names in the zeroed `words`, which hold `n_bits` (a multiple of
 * BITLIST_WORD_BITS). Numbers are decimal, ranges ascend, blanks and an empty list are refused:
 * -EINVAL with the list in the message, -ERANGE for a number >= n_bits.
 */
int bitlist_parse(const char *list, unsigned long *words, size_t n_bits, struct err *e);

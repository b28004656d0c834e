/* SPDX-License-Identifier: Apache-2.0 */
/*
 * generation: the number that rises with each member that serves, and never repeats. It stands in a file of the state folder,
 * with the name of the member that has it, for a shim that adopts the service.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct err;
struct record;

#define GENERATION_LINE 53 /* "%020llu NAME\n", NAME padded to MEMBER_NAME_MAX - 1 */

/* Raises *generation, which `member` has from now on, and writes it down, on a disk durably: before the first instruction of the
 * program that gets it. After -errno of that it is raised all the same, so that it never repeats. */
int generation_next(struct record *r, uint64_t *generation, const char *member, struct err *e);

/* The highest that was given away, and the name of the member that got it, in `size` bytes; "" and *ret as it was: none has been. */
int generation_read(const struct record *r, uint64_t *ret, char *ret_name, size_t size, struct err *e);

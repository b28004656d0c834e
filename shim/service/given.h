/* SPDX-License-Identifier: Apache-2.0 */
/*
 * given: which descriptors of the fd store the active member was given at its start, and where: a fresh shim can take
 * those from it again. A file of hart's own, for adopt; each line has a descriptor's number in the member, what file
 * it is (device, inode, which is checked: the member may have opened another one there since), FDPOLL and its name.
 */
#pragma once

#include <stdint.h>

#include "service/fdset.h"

struct err;

#define GIVEN_FILE "given"

/* Opens or makes the file below dir_fd, 0600; the descriptor is the caller's. */
int given_open(int dir_fd, struct err *e);

/* Marks all of `set` as given with the next start, in that order: fdset_entry.given. */
void given_mark(struct fdset *set);

/* Writes down those of `set` that are stored and were given to `member` at `generation`. 0 or -errno. */
int given_write(int fd, const struct fdset *set, const char *member, uint64_t generation);

/* Takes what is in the file from the process of `pidfd`, if it was given to `member` at `generation`. What
 * is not there any more is passed over. -ETIMEDOUT: looking at one of them took too long; the rest is not taken. */
int given_take(int fd, int pidfd, const char *member, uint64_t generation, struct fdset *set, unsigned max);

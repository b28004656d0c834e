/* SPDX-License-Identifier: Apache-2.0 */
/*
 * journal_tail: a service's journal as it is read: whole lines, the oldest first, on through rotations. It may lie
 * elsewhere (--journal), be emptied or moved away at any time.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct err;

struct journal_tail {
	int fd; /* FD_NONE: there is none yet */
	off_t at; /* read up to there */
};

#define JOURNAL_TAIL_INIT ((struct journal_tail){ .fd = -EBADF })

/* Of the service's folder `dir_fd`: from the oldest line on that is there, or from now on. */
void journal_tail_open(struct journal_tail *t, int dir_fd, bool from_oldest);
void journal_tail_close(struct journal_tail *t);

/*
 * Calls fn with each line, without its end, that has come since. dir_fd FD_NONE: the folder is gone, what is open is read
 * to its end. 1: another file is read than before. fn ends it by returning less than 0.
 */
int journal_tail_read(struct journal_tail *t, int dir_fd, int (*fn)(const char *line, size_t len, void *arg, struct err *e),
		      void *arg, struct err *e);

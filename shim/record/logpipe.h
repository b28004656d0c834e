/* SPDX-License-Identifier: Apache-2.0 */
/*
 * logpipe: one log for all members of a service. Each member has a fifo for stdout and one for stderr, which
 * it holds open for reading as well: when the shim dies it writes on, and an adopting shim reads on. Complete
 * lines become records "TIME stdout|stderr MEMBER GENERATION TEXT" in a file that is rotated
 * by size (log, log.1 … log.N). A disk that is full or read-only loses records (counted), never blocks a
 * member. `hart logs` reads it.
 */
#pragma once

#include <stdint.h>

#include "loop/loop.h"

struct err;

#define LOG_LINE_MAX 4096 /* longer ones are cut into several records */

struct logfile {
	int dir_fd; /* folder, borrowed */
	const char *name;
	int fd;
	int64_t size, max_bytes; /* max 0: not rotated */
	unsigned keep;
	bool torn; /* the last record was written in part */
	uint64_t lost;
};

/* Whose it is, and where it goes. Borrowed. */
struct logpipe_of {
	struct logfile *file;
	const char *member, *stream; /* "stdout" */
};

struct logpipe { /* one stream of one member start */
	struct source source;
	struct loop *loop;
	struct logpipe_of of;
	uint64_t generation; /* 0: before its first start (hooks, warm) */
	int read_fd;
	unsigned len;
	char *line; /* LOG_LINE_MAX, allocated when opened */
};

/* Opens or makes dir_fd/name, 0600, and writes at its end. `dir_fd` and `name` are borrowed. Above max_bytes (0: never) it is
 * rotated, and `keep` old ones stay. */
int logfile_open(struct logfile *f, int dir_fd, const char *name, int64_t max_bytes, unsigned keep,
		 struct err *e);
void logfile_close(struct logfile *f);

/* Makes the fifo MEMBER.STREAM in `dir_fd` if it is not there, and watches it; *ret_write_fd (NULL: not
 * wanted) is the caller's, for the member. */
int logpipe_open(struct logpipe *p, struct loop *l, int dir_fd, const struct logpipe_of *of, int *ret_write_fd, struct err *e);

/* Reads what is left, writes an unfinished line, closes. The fifo stays. */
void logpipe_close(struct logpipe *p);

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * standing: where a service stands: its last transition, how it ended, the failures that its budget counts, and what
 * its members have behind them. A file of hart's own below ROOT/ID that adopt and `status` go by; the journal is for
 * people, who may rotate or lose it. Fixed width and written in place by pwrite(2): no allocation, and a shim that is
 * killed leaves it whole.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct err;

#define STANDING_FILE "standing"
#define STANDING_WORD_MAX 32
#define STANDING_FAILURES_MAX 128
#define STANDING_MEMBERS_MAX 16

/* Since the service was well. */
struct standing_member {
	long long began_ms, interval_ms; /* its last start, and what is asked for after its next failure: see pace.h */
	unsigned restarts; /* in place */
	bool failed;
};

struct standing {
	char to[STANDING_WORD_MAX], cause[STANDING_WORD_MAX], member[STANDING_WORD_MAX]; /* names of machine.h; "" */
	uint64_t generation; /* the highest at the last transition */
	int status; /* exit code or 128 + signal, of that transition or of the service; -1: none */
	bool served; /* it has been active since its start */
	unsigned n_failures; /* ever; the last of them are kept: a ring, the next is n_failures modulo its size */
	long long failures_ns[STANDING_FAILURES_MAX]; /* CLOCK_MONOTONIC of the boot in state.json */
	unsigned failures_in_a_row; /* since the service was well */
	struct standing_member members[STANDING_MEMBERS_MAX];
};

/* Opens or makes the file below dir_fd: the descriptor. What is in it goes to *ret: zeroes when it is new or damaged. */
int standing_open(int dir_fd, struct standing *ret, struct err *e);

/* What is in the file below dir_fd, for a process that only looks. A missing file gives zeroes. */
int standing_read(int dir_fd, struct standing *ret, struct err *e);

/* Adds a failure, then writes the rest: standing_write. 0 or -errno. */
int standing_fail(int fd, struct standing *st, long long at_ns);
int standing_write(int fd, const struct standing *st);

/* Writes what member `i` has behind it. 0 or -errno. */
int standing_write_member(int fd, const struct standing *st, unsigned i);

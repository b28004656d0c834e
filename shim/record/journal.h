/* SPDX-License-Identifier: Apache-2.0 */
/*
 * journal: what happened to a service, one JSON object a line: time (RFC 3339, UTC), ns (CLOCK_MONOTONIC), event,
 * generation, member, from, to, cause, instead, us, status, text. Written with one write(2) on a descriptor that stays
 * open and a buffer that is the journal's own: nothing is allocated, so it works in the takeover path. A
 * record that cannot be written (disk full, read-only) is counted and told, never waited for. What is
 * full becomes NAME.1 and a new one begins: the state folder lies in memory.
 */
#pragma once

#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>

struct err;

#define JOURNAL_FILE "journal" /* in the state folder: it, or a link to where it lies */
#define JOURNAL_TEXT_MAX 512
#define JOURNAL_BYTES_MAX (1 << 20)

struct journal {
	int dir_fd; /* borrowed, as is name */
	const char *name;
	int fd; /* O_APPEND */
	int64_t size, max_bytes;
	uint64_t lost; /* records that could not be written */
	bool torn; /* the last one in part */
	int last_errno;
};

#define JOURNAL_INIT ((struct journal){ .fd = -EBADF })

struct journal_record {
	const char *event; /* the word of `hart events`; NULL: left out, as are all texts */
	const char *id; /* where several services may write */
	uint64_t generation;
	const char *member, *from, *to, *cause; /* names of machine.h */
	const char *instead; /* a takeover: of whom, */
	long long us; /* and how long it took */
	int status; /* exit code or 128 + signal; -1: left out */
	const char *text; /* for people; cut at JOURNAL_TEXT_MAX */
};

/*
 * Opens or makes `name` below dir_fd (AT_FDCWD: a path), 0600, no symlink followed at its end. max_bytes:
 * how much it may hold before it is renamed to NAME.1, in place of the one before; 0: it grows.
 */
int journal_open(struct journal *j, int dir_fd, const char *name, int64_t max_bytes, struct err *e);
void journal_close(struct journal *j);

/* 0, or -errno, which is also counted in j->lost. */
int journal_write(struct journal *j, const struct journal_record *r);

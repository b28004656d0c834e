/* SPDX-License-Identifier: Apache-2.0 */
/* record: what a service writes down: journal, standing and generation for a shim that adopts it, the log for people. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "machine/happening.h"
#include "machine/machine.h"
#include "record/journal.h"
#include "record/logpipe.h"
#include "record/outlet.h"
#include "record/standing.h"

#define TRANSITIONS_KEPT 8

/* As it was when it happened. */
struct transition {
	struct machine_action action;
	const struct happening *what;
	uint64_t generation;
	const char *why;
};

struct err;

struct record {
	struct transition transitions[TRANSITIONS_KEPT]; /* still to be written down */
	unsigned n_transitions;
	struct journal journal;
	struct outlet outlet;
	struct standing standing;
	struct logfile log;
	int standing_fd, generation_fd;
	int journal_dir_fd, log_dir_fd; /* of those that were named; the journal and the log borrow them */
	bool on_disk; /* the state folder survives a power cut, so what promises to has to be synced */
	enum machine_cause last_cause;
	const char *id; /* the service's, for warnings; borrowed */
};

/* An empty one, with nothing open. */
void record_init(struct record *r);
/* Closes all; the files stay. */
void record_finish(struct record *r);

/* service/standing.c: where the service stands, for adopt and `status`. What cannot be written is a warning. */
void record_stands_at_start(struct record *r, const struct machine *m);
/* `member`'s name may be NULL; `status` -1: none. */
void record_stands(struct record *r, const struct machine *m, const struct transition *t, const char *member, int status);
/* With the service's exit status. */
void record_stands_at_end(struct record *r, const struct machine *m, int status);

/* A file of the state folder, at once; on a disk, durably. */
int record_replace_file(const struct record *r, int dir_fd, const char *name, const void *data, size_t len,
			struct err *e);

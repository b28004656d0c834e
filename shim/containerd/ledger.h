/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ledger: all that must outlive the shim's worker, in memory that it shares with its guardian: who runs, where
 * its streams are, which requests wait for an answer. A worker that takes over reads on where the last one was
 * killed; nothing is copied or encoded. Pages that were never used cost nothing.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "event_queue.h"

struct err;

#define RECORDS_MAX 4096
#define CALLS_MAX 4096
#define CONNECTIONS_MAX 2048 /* containerd has one for each container */
#define RECORD_TEXT 1600

enum record_state { RECORD_FREE, RECORD_NEW, RECORD_CREATED, RECORD_RUNNING, RECORD_PAUSED, RECORD_STOPPED };

/* What the text of a record holds, one behind the other. */
enum record_word { RECORD_ID, RECORD_EXEC_ID, RECORD_BUNDLE, RECORD_STDIN, RECORD_STDOUT, RECORD_STDERR,
		   RECORD_WORDS };

/* Descriptors that the guardian keeps of a process. */
enum kept_fd { KEPT_STDOUT, KEPT_STDERR, KEPT_MASTER, KEPT_SERVICE, KEPT_FDS };

/* A process: a container's init, or one that was started in it by Exec. */
struct record {
	uint32_t state; /* enum record_state */
	uint32_t serial; /* of its use */
	uint16_t word[RECORD_WORDS]; /* where it begins in `text` */
	bool terminal, has_pid_ns, mounted;
	bool is_service; /* supervised: `supervisor` keeps it up, `pid` is who serves */
	bool exited; /* it has ended; exit_status and time are set */
	bool exit_told; /* its event is queued */
	pid_t pid, supervisor;
	uint64_t pid_start; /* of whom we wait for: statefile_pid_start() */
	uint32_t exit_status;
	int64_t exited_s;
	int32_t exited_ns;
	char text[RECORD_TEXT];
};

/* A request that has no answer yet. */
struct call {
	bool open;
	int16_t connection; /* -1: nobody waits for the answer any more */
	uint8_t method;
	uint32_t stream;
	int32_t record; /* Wait: whose end; -1: none */
};

struct ledger {
	uint32_t workers; /* started so far */
	uint32_t serial; /* of the last record */
	pid_t guardian;
	/* The guardian's alone to write: descriptors by its numbers + 1; 0: none. */
	int connections[CONNECTIONS_MAX];
	int kept[RECORDS_MAX][KEPT_FDS];
	uint32_t calls_end, records_end; /* none is used from here on */
	struct call calls[CALLS_MAX];
	struct record records[RECORDS_MAX];
	struct event_queue events;
};

/* An empty ledger in shared memory, or NULL with `e`. */
struct ledger *ledger_new(struct err *e);

/* A free record with these words in it, state RECORD_NEW. -ENAMETOOLONG, -ENOSPC. */
int record_new(struct ledger *l, const char *const words[RECORD_WORDS], struct record **ret, struct err *e);
void record_free(struct record *r);

const char *record_text(const struct record *r, enum record_word word);

/* A call that is open; NULL when there are too many. */
struct call *call_new(struct ledger *l, int connection, uint32_t stream, uint8_t method);

int ledger_index(const struct ledger *l, const struct record *r);

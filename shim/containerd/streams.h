/* SPDX-License-Identifier: Apache-2.0 */
/*
 * streams: where a process's standard streams go, as containerd names them: a fifo by path, file://PATH (appended),
 * binary://PATH?KEY=VALUE (a logger of that name is run), nothing (/dev/null). A program without a terminal gets
 * the fifo itself: no byte passes through the shim. What the shim holds meanwhile are the read ends of the output,
 * so that nobody gets SIGPIPE while containerd is restarted. Input ends when its writer closes it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "ledger.h"
#include "loop/loop.h"

struct err;
struct terminal;

struct streams {
	int give[3]; /* the program's; closed when it has them */
	int hold[3]; /* ours: stdin's write end until the program starts, the read ends of the others */
	int writers[3]; /* of a supervised service's output */
	int logger[2]; /* the read ends that a logger gets */
	struct terminal *terminal;
	bool unread[3]; /* a fifo that nobody read yet: of such an output nothing is open, and streams_use waits for the reader */
};

#define STREAMS_INIT                                                                                 \
	((struct streams){ { -EBADF, -EBADF, -EBADF }, { -EBADF, -EBADF, -EBADF },             \
			    { -EBADF, -EBADF, -EBADF }, { -EBADF, -EBADF }, NULL, { false, false, false } })

/* Opens what the record names. Never blocks. On failure nothing stays open. */
int streams_open(struct streams *io, const struct record *r, struct err *e);

/* In the job: makes them 0, 1, 2; before that runs the logger, when one is asked for, and waits until it says
 * that it is ready, and for readers of fifos, 10 s. `shim_namespace` is told to the logger. */
int streams_use(struct streams *io, const struct record *r, const char *shim_namespace, struct err *e);

/* The job is done: opens here what nobody read before. */
int streams_reopen(struct streams *io, const struct record *r, struct err *e);

/* The program has its ends: closes them here. */
void streams_given(struct streams *io);

/* The service has its copies of the output's ends; a pipe's writer of ours stays, so that readers see no end while
 * nobody serves. */
void streams_given_to_service(struct streams *io);

/* Takes the pty's master: from now on its bytes go to and fro. */
int streams_attach(struct streams *io, struct loop *l, int master, struct err *e);

/* The program runs: from now on its input comes from whatever has opened the fifo. */
void streams_started(struct streams *io);

/* No more input: the program reads end of file. */
void streams_close_stdin(struct streams *io);

int streams_resize(struct streams *io, unsigned columns, unsigned rows, struct err *e);

/* The program has ended: nothing is held any more; what a terminal still has to say is written on. */
void streams_end(struct streams *io);

/* True when all of it is written; otherwise `drained` is called with `arg` when it is. */
bool streams_drain(struct streams *io, void (*drained)(void *arg), void *arg);
void streams_close(struct streams *io);

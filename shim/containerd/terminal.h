/* SPDX-License-Identifier: Apache-2.0 */
/*
 * terminal: bytes between a pty's master and the two streams of a client, in the loop, a buffer each way: a
 * side that does not read slows down the side that writes.
 */
#pragma once

#include <stdbool.h>

struct err;
struct loop;
struct terminal;

/* Takes all three; `in` may be FD_NONE. NULL with `e` on failure, then they stay the caller's. */
struct terminal *terminal_new(struct loop *l, int master, int in, int out, struct err *e);
void terminal_free(struct terminal *t);

int terminal_resize(struct terminal *t, unsigned columns, unsigned rows, struct err *e);
void terminal_close_input(struct terminal *t);

/* True when nothing that the programs wrote waits any more; `out` is closed then. Otherwise `drained` (may be
 * NULL) is called with `arg` when that is so. */
bool terminal_drain(struct terminal *t, void (*drained)(void *arg), void *arg);

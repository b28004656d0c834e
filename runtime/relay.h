/* SPDX-License-Identifier: Apache-2.0 */
/*
 * relay: bytes between our terminal and a container's pty, both ways, without blocking: each
 * direction holds one buffer and does not read while that is full, so that a slow reader slows its
 * writer down. Failures end the direction they happen in; when the output has nowhere to go any more
 * the pty is hung up, as a terminal that is lost.
 */
#pragma once

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

struct err;

struct relay_way {
	int from, to;
	bool open; /* `from` may still deliver */
	size_t start, end; /* of what waits in `data` */
	char data[4096]; /* what POLLOUT promises room for in a pipe */
};

struct relay {
	int master; /* owned; FD_NONE without a terminal */
	struct termios saved;
	bool is_raw; /* our input is a terminal, made raw */
	struct relay_way in, out; /* in_fd → master, master → out_fd */
};

/* Without a terminal: the functions below do nothing. */
void relay_init(struct relay *r);

/*
 * Takes `master`, makes it non-blocking, and gives the pty the size of our terminal. `in_fd` is made
 * raw when it is a terminal and we are in its foreground; in its background it is left alone. Both
 * fds are borrowed.
 */
int relay_start(struct relay *r, int master, int in_fd, int out_fd, struct err *e);

#define RELAY_POLLS 4

/* What to poll for now; unused entries have fd -1. */
void relay_poll(const struct relay *r, struct pollfd p[static RELAY_POLLS]);

/* Moves what can be moved. */
void relay_pump(struct relay *r, const struct pollfd p[static RELAY_POLLS]);

/* Gives the pty our terminal's size (after SIGWINCH). */
void relay_resize(const struct relay *r);

/* Nobody reads from the pty any more: no more input. */
void relay_end_input(struct relay *r);

/* True when all that was written to the pty so far is written out. */
bool relay_is_drained(struct relay *r);

/* Restores our terminal and closes the master. */
void relay_stop(struct relay *r);

/*
 * relay: bytes between our terminal and a container's pty, both ways, without blocking: each
 * direction holds at most one buffer and stops reading while it is full.
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
	char data[8192];
};

struct relay {
	int master; /* owned; FD_NONE without a terminal */
	struct termios saved;
	bool is_raw; /* our stdin was a terminal and is raw now */
	struct relay_way in, out; /* stdin → master, master → stdout */
};

/* Without a terminal: poll and pump do nothing. */
void relay_init(struct relay *r);

/* Takes `master`; makes stdin raw when it is a terminal, and gives the pty its size. */
int relay_start(struct relay *r, int master, struct err *e);

/* The events to poll for now on (stdin, master, stdout, master): fills p[0..3], unused ones with -1. */
void relay_poll(const struct relay *r, struct pollfd p[static 4]);

/* Moves what can be moved. */
void relay_pump(struct relay *r, const struct pollfd p[static 4]);

/* Gives the pty our terminal's size (after SIGWINCH). */
void relay_resize(const struct relay *r);

/* Writes out what the pty still holds once the process is gone, then restores our terminal. */
void relay_finish(struct relay *r);

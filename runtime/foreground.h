/* SPDX-License-Identifier: Apache-2.0 */
/*
 * foreground: what `hart run` and `hart exec` do while their process runs: forward signals, relay the
 * terminal, reap what was reparented, learn the exit status.
 */
#pragma once

#include <errno.h>
#include <signal.h>

#include "ns/ns.h"

struct err;

struct foreground {
	int signal_fd; /* FD_NONE: not opened */
	sigset_t old; /* the mask of before */
};

#define FOREGROUND_INIT ((struct foreground){ .signal_fd = -EBADF })

/* From here on signals wait in a signalfd, to be forwarded: before the clone, so that none gets lost
 * while the process is being made. The task resets its own mask (process_execve). */
int foreground_open(struct foreground *f, struct err *e);

/*
 * Waits for the child (ours: waitid) to end. Until then every signal that can be caught goes to it;
 * with a terminal (`*console_fd` >= 0: a socket on which the pty master arrives) our stdin is made raw
 * and both directions are relayed, SIGWINCH sets the window size. The terminal is restored.
 * *ret_status: exit code, or 128 + signal. Takes *console_fd.
 */
int foreground_wait(struct foreground *f, const struct ns_child *child, int *console_fd,
		    int *ret_status, struct err *e);

/* Gives signals back their meaning. */
void foreground_close(struct foreground *f);

/*
 * foreground: what `hart run` and `hart exec` do while their process runs: forward signals, relay the
 * terminal, reap what was reparented, learn the exit status.
 */
#pragma once

#include "ns.h"

struct err;

/*
 * Waits for the child (ours: waitid) to end. Until then every signal that can be caught goes to it;
 * with a terminal (`*console_fd` >= 0: a socket on which the pty master arrives) our stdin is made raw
 * and both directions are relayed, SIGWINCH sets the window size. The terminal is restored.
 * *ret_status: exit code, or 128 + signal. Takes *console_fd.
 */
int foreground_wait(const struct ns_child *child, int *console_fd, int *ret_status, struct err *e);

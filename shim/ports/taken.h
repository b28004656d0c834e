/* SPDX-License-Identifier: Apache-2.0 */
/*
 * taken: sockets that are taken out of a member. The member names them by number, and what is behind that may be
 * anything of its own making by then: a file whose every close(2) waits for it (FUSE), or a connection that waits for its
 * peer (SO_LINGER). The keeper, for which all other members and their clients wait, never closes such a one itself.
 */
#pragma once

#include <sys/types.h>

/* The socket `number` of the process, looked at by a child that may hang. FD_NONE: it is none. */
int taken_take(pid_t pid, int number);

/* Closes it; FD_NONE then. */
void taken_close(int *fd);

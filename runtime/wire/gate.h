/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gate: the socket ROOT/ID/gate on which a created init waits. `start` connects and the connection
 * takes the place of the sync socket, so that a failing execve is told to the process that started it.
 */
#pragma once

#include <stdbool.h>

struct err;

#define GATE_FILE "gate" /* in the container's state folder */

/* Makes the listening socket in the state folder; 0700 on the folder keeps others out. */
int gate_listen(int dir_fd, struct err *e);

/*
 * Connects to it: a sync socket. -ECONNREFUSED when init is gone or has been started. Init says READY on it
 * as soon as it has taken the connection, and when the connection ends without GO it waits for another one.
 */
int gate_connect(int dir_fd, struct err *e);

/* Sends GO and waits until execve has succeeded, or for its error. `gate`: sync_fd is of gate_connect(),
 * READY comes first. */
int gate_release(int sync_fd, bool gate, struct err *e);

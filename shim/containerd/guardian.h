/*
 * guardian: the worker's parent, which has nothing to do: it keeps the listening socket, the accepted connections
 * and the ends of the streams, starts the worker anew when it is killed, and collects the processes that the dead
 * worker was the parent of. Since it parses nothing and allocates nothing, it lives on.
 */
#pragma once

#include "shim.h"

/* Becomes the guardian of workers begun with `start`; returns when a worker has ended well, after Shutdown: 0. */
int guardian_run(struct shim_start *start);

/* The worker's side. Descriptors are kept by what they are: what the guardian holds when the worker dies the next
 * worker inherits, under the number in the ledger. Failures are passed over: the fd is then lost with the worker. */
void guardian_keep_connection(int guardian_fd, int slot, int fd);
void guardian_drop_connection(int guardian_fd, int slot);
void guardian_keep(int guardian_fd, int record, enum kept_fd what, int fd);
/* All of a record. */
void guardian_drop(int guardian_fd, int record);

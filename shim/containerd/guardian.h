/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guardian: the worker's parent, which has nothing to do: it keeps the listening socket, the accepted connections
 * and the ends of the streams, starts the worker anew when it is killed, and collects the processes that the dead
 * worker was the parent of. Since it parses nothing and allocates nothing, it lives on.
 */
#pragma once

struct shim_start;

/* Becomes the guardian of workers begun with `start`; returns when a worker has ended well, after Shutdown: 0. */
int guardian_run(struct shim_start *start);

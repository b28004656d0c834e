/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mend: a listening socket as the next member is to have it. The one before could do with it what it wanted: shut it
 * down, make it non-blocking, give it time-outs, a filter, options that what it accepts inherits.
 */
#pragma once

struct err;
struct listen_policy;

/*
 * 0 when the socket is as new, or could be made so without losing clients that wait in it; 1 when it must be opened anew
 * (listen_reopen). No member may be running that uses it.
 */
int listen_mend(const struct listen_policy *l, int fd);

/* Opens the socket anew (listen.h) in the place of `fd`, which keeps its number. Clients that waited in the old one are lost. */
int listen_reopen(const struct listen_policy *l, int fd, int netns_fd, struct err *e);

/* SPDX-License-Identifier: Apache-2.0 */
/* signame: signals by name. */
#pragma once

/* "15", "TERM", "SIGTERM", "sigterm", "RTMIN+3", "SIGRTMAX-1", and 0: the signal's number, or -1
 * (signal(7)). Numbers beyond SIGRTMAX are not signals. */
int signal_from_name(const char *name);

/* "TERM" for 15; NULL for what has no name of its own, as realtime signals. */
const char *signal_name(int sig);

/* SPDX-License-Identifier: Apache-2.0 */
/* wait: everybody who waits to be told: the command that started it, who asked for a start or a switch, files. */
#pragma once

#include <stdbool.h>

struct ctl_connection;

struct waiters {
	int caller_fd; /* detached, the command that started us: told when active, or why not. FD_NONE: has been */
	bool told_trying; /* the caller: that it failed once and is tried again */
	const char *pid_file, *pidfd_socket; /* NULL: none */
	struct ctl_connection *starter; /* for the first activation */
	struct ctl_connection *switcher; /* for the end of a switch or of the service */
	int was_active; /* when the switcher asked; -1: nobody */
};

/* Nobody waits. */
void waiters_init(struct waiters *w);

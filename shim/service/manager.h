/* SPDX-License-Identifier: Apache-2.0 */
/*
 * manager: the service manager that started the shim, if it waits for sd_notify(3): it is told when the service is up, who
 * serves, that it stops, and with WATCHDOG_USEC that the shim is alive. The shim is its main process, whoever serves. No
 * answer is waited for: what does not fit into its socket is lost, but for READY=1, which is told again.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "loop/loop.h"

struct machine;

struct manager {
	struct loop *loop;
	int fd; /* connected; -EBADF: none waits */
	bool is_told; /* READY=1 */
	bool has_ready; /* what was said last */
	char said[256];
	struct timer alive, again;
	long long alive_every_ns;
};

#define MANAGER_INIT ((struct manager){ .fd = -EBADF })

/* By NOTIFY_SOCKET and WATCHDOG_USEC of the environment (hart-failover(7), FROM BOOT ON). One that cannot be reached is a warning,
 * with the service's `id`. */
void manager_open(struct manager *m, struct loop *l, const char *id);
/* Something has changed. `active` is the name of who serves; NULL: nobody does. */
void manager_tell(struct manager *m, const struct machine *mc, const char *active, uint64_t generation);
/* Fine when none waits. */
void manager_close(struct manager *m);

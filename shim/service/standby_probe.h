/* SPDX-License-Identifier: Apache-2.0 */
/* standby_probe: tcp: and http: probes of hot standbys, each by a way that leads to that standby alone (PORTS_PROBE of
 * ports/message.h). */
#pragma once

#include "watch/probe.h"

struct loop;
struct member;

struct standby_probe_owner {
	void (*answers)(struct member *m);
	void (*fails)(struct member *m, const char *why);
};

struct standby_probe {
	struct probe probe;
	struct member *member;
	const struct standby_probe_owner *owner;
};

/* Its program runs: the owner is told of each success, and of failures as the policy counts them. *sp is made when it is
 * NULL; it is kept by the caller. */
int standby_probe_start(struct standby_probe **sp, struct loop *l, const struct probe_policy *policy,
			const struct probe_target *target, struct member *m, const struct standby_probe_owner *owner,
			struct err *e);

/* It serves, is frozen or gone. NULL is fine. */
void standby_probe_stop(struct standby_probe *sp);

/* Stops it, and frees it; *sp is NULL then. */
void standby_probe_finish(struct standby_probe **sp);

/* standby_probe: tcp: and http: probes of hot standbys, each by a way that leads to that standby alone (PORTS_PROBE). */
#pragma once

#include <stdbool.h>

#include "watch/probe.h"

struct member;
struct service;

struct standby_probe {
	struct probe probe;
	struct member *member;
	void (*answers)(struct service *s, struct member *m);
};

/* Its program runs: `answers` is told of each success. Does nothing where no probe can tell it from the others. */
void standby_probe_start(struct service *s, struct member *m, void (*answers)(struct service *s, struct member *m));

/* It serves, is frozen or gone. */
void standby_probe_stop(struct service *s, const struct member *m);

void standby_probes_finish(struct service *s);

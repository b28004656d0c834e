/* SPDX-License-Identifier: Apache-2.0 */
/*
 * service/upgrade: a new version as one more member, switched to; and who waits to be told what became of it: that it
 * serves and is well, or why not, and who serves instead.
 */
#pragma once

#include <stdbool.h>

#include "machine/machine.h"

struct ctl_connection;
struct ctl_request;
struct err;
struct service;

struct upgrading {
	struct ctl_connection *c; /* NULL: nobody waits */
	int member;
	bool until_it_stays; /* for the whole window, else until it is well */
	unsigned n; /* how many there were */
	char why[400]; /* it failed; "" as long as it has not */
};

/* CTL_UPGRADE: adds q->bundle as a member and switches to it. Answers `c` at once where q->wait is false or it cannot begin, else
 * when upgrade_look() finds that it has come to its end. */
void upgrade_begin(struct service *s, struct ctl_connection *c, const struct ctl_request *q);

/* A transition of the machine: perhaps the reason of a failure. */
void upgrade_note(struct service *s, const struct machine_action *a);

/* After each step: answers whom it can. */
void upgrade_look(struct service *s);

/* -EBUSY: it is paused, or a switch is under way. */
int service_may_switch(struct service *s, struct err *e);

/* False: readiness is told by a probe that both of two members could answer, and nobody could tell which, so two must not run. */
bool service_can_overlap(const struct service *s);

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * service: one supervised service: its members, its machine, what it owns, and the loop in which all of it
 * happens. The glue: events of the world go into the machine, its actions come out as calls.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "container.h"
#include "ctl/ctl.h"
#include "handover.h"
#include "loop/loop.h"
#include "loop/worker.h"
#include "machine/machine.h"
#include "policy/policy.h"
#include "service/api.h"
#include "service/callout.h"
#include "service/fdstore.h"
#include "service/files.h"
#include "service/folder.h"
#include "service/heat.h"
#include "service/made.h"
#include "service/manager.h"
#include "service/member.h"
#include "service/own_sockets.h"
#include "service/pause.h"
#include "service/ports.h"
#include "service/poststart.h"
#include "service/record.h"
#include "service/shared.h"
#include "service/takeover.h"
#include "service/unit.h"
#include "service/upgrade.h"
#include "service/wait.h"
#include "service/watch.h"
#include "standin/standin.h"
#include "statefile.h"

#define EVENT_QUEUE 128 /* what the actions of one step can bring, twice */

/* Events that the machine has still to hear. */
struct service_events {
	struct machine_event queue[EVENT_QUEUE];
	unsigned n;
	uint64_t lost; /* that found the queue full, and were not told of yet */
	bool dispatching;
};

/* What is to be written to state.json and service.json, off the takeover path. */
struct service_saving {
	struct timer timer;
	uint64_t plan; /* what of service.json can change, as it was written last */
	int shown_primary; /* whose bundle state.json names */
};

/* Of one that an engine made: service/standin.c. */
struct service_standin {
	struct standin process;
	uint64_t follows; /* the generation in whose mounts it is, or on its way there */
	void (*done)(struct service *s);
};

/* Between create and start: service/hold.c. */
struct service_hold {
	bool is_on, was_created;
};

struct service_adoption {
	int active; /* the member that was; -1: none, or it is a new service */
	bool is_own; /* this process was its shim already, as another program: replace.h */
	enum machine_cause stop_cause; /* why it was to end before; CAUSE_NONE: it was not */
};

/* What became of it. */
struct service_outcome {
	bool was_up; /* it has been active */
	bool ended;
	int status; /* exit status at the end */
	struct err failure; /* why it never became active */
	struct machine_action last_failure; /* of any member; cause CAUSE_NONE: none */
};

struct service {
	struct runtime *rt;
	struct container container; /* the service's own folder and state */
	const char *id;
	bool id_is_new; /* not adopted */
	const struct policy *policy;
	struct service_made made;
	struct service_ends ends;
	struct service_hold hold;
	struct service_adoption adoption;
	struct service_outcome outcome;

	struct loop loop;
	struct source signals;
	struct unit_watch unit;
	struct folder_watch folder;
	struct ctl ctl;

	struct machine machine;
	void (*take_event)(struct service *s, const struct machine_event *ev); /* where events go */
	struct service_events events;
	struct pause pause;
	uint64_t generation;

	struct member_common common; /* of the members */
	struct member members[MACHINE_MEMBERS_MAX];
	struct runtime members_rt;
	char env[HANDOVER_ENV_MAX]; /* so that a takeover allocates nothing */

	struct service_shared shared;
	struct fdstore store;
	struct service_ports ports;
	struct own_sockets own_sockets;
	struct heat heat;
	struct watch watch;
	struct takeovers takeovers;
	struct upgrading upgrading;
	struct poststart poststart;
	struct service_standin standin;

	struct record record;
	struct callouts callouts;
	struct service_saving saving;
	struct manager manager;
	struct waiters waiters;
};

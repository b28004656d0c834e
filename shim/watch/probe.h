/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe: asks the active member whether it is well, over and over: exec:CMD, tcp:, http:, unix:, inside its
 * namespaces. Never blocks: sockets are non-blocking and their namespace is entered by a stage (ns_call()),
 * commands run in a child. One probe is under way at a time.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "loop/loop.h"
#include "policy/policy.h"
#include "watch/histogram.h"

struct err;

struct probe_target {
	int pidfd; /* the member's init, borrowed: its namespaces and root */
	int cgroup_fd; /* the member's, borrowed: what exec: starts is killed by a cgroup below it */
	struct runtime *members; /* exec: container_open(members, member_id) */
	const char *member_id;
	int ports_dir_fd; /* of the keeper of held ports, borrowed; FD_NONE: there is none */
	int member; /* as the keeper knows it */
};

#define PROBE_WHY_MAX 200

struct probe {
	const struct probe_policy *policy;
	struct probe_target target;
	struct loop *loop;
	struct source source; /* the socket, or the command's pidfd */
	struct timer next, timeout;
	int fd, child_pidfd;
	int stuck_pidfd; /* a child that was given up: it ends when it can */
	pid_t child; /* 0: none */
	long long counts_from_ns; /* failures before it do not count */
	bool connected, asked;
	int keeper_fd; /* the connection to the keeper of the ports; its end is the end of the way to the member */
	bool asks_keeper; /* for that way, and has no answer yet */
	bool is_reached; /* it is this member that has been connected to */
	bool foreign; /* another member may have answered: that does not count */
	unsigned failures; /* in a row */
	bool has_succeeded;
	uint64_t n_ok, n_failed; /* ever, over stops and starts */
	long long asked_ns;
	struct histogram times; /* until the answer, or until it was given up */
	char why[PROBE_WHY_MAX]; /* of the last failure */
	char http[64]; /* the start of the answer */
	unsigned http_len;
	/* True while another one runs that could answer: then the keeper is asked to reach this one. May be NULL. */
	bool (*is_shared)(const struct probe *p);
	/* ok: each success; !ok: only when `retries` failures in a row are full, then the count begins anew. */
	void (*result)(struct probe *p, bool ok);
};

/* The first one at once; until the first success failures within the start period are not counted. `policy` is borrowed, `target`
 * copied; result() is called from the loop. */
void probe_start(struct probe *p, struct loop *l, const struct probe_policy *policy,
		 const struct probe_target *target, void (*result)(struct probe *p, bool ok));

/* Stops at once: closes, kills the command. Fine when it is not started. */
void probe_stop(struct probe *p);

/* One that is not started. */
void probe_init(struct probe *p);

/* True for the process that runs the command: its end is not to be collected by others. */
bool probe_owns(const struct probe *p, pid_t pid);

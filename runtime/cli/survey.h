/* SPDX-License-Identifier: Apache-2.0 */
/*
 * survey: how all containers and services of a root stand. Each service's shim is asked, with a bound, so that one that
 * does not answer costs the others little. Changes nothing, takes no lock.
 */
#pragma once

#include "container.h"
#include "facts.h"

struct cli;
struct err;
struct standing;

/* Of one container; good during the call. */
struct survey {
	struct container *c;
	enum container_status status;
	bool is_service;
	bool answered; /* its shim did: then `facts` is what JSON `hart status` has */
	bool is_lost; /* a service that has not ended, and nobody supervises it */
	struct facts facts;
	const char *json;
	size_t json_len;
	struct standing *standing; /* of a service that has not answered; else NULL */
	const char *why; /* it has not answered; NULL: it has no shim to ask */
};

/* In the order of their IDs. fn returns 0 or, to stop, another value, which is then returned. A container that cannot be
 * read is told of by a warning and passed over. */
int survey_each(struct cli *cli, int (*fn)(const struct survey *s, void *arg), void *arg, struct err *e);

/* The same of one that is open; `a` holds what ret has. For at most `timeout_ms`. */
int survey_one(struct container *c, struct arena *a, long long timeout_ms, struct survey *ret, struct err *e);

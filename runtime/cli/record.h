/* SPDX-License-Identifier: Apache-2.0 */
/* record: what `state` and `list` show of a container, in runc's JSON. */
#pragma once

#include "container.h"

struct err;
struct json_out;

struct record {
	const struct state *state;
	enum container_status status;
	int64_t pid; /* 0 when it is stopped, and of a service while nobody serves */
};

/* Of an opened container; borrows its memory. */
int record_of(struct container *c, struct record *ret, struct err *e);

/* One JSON object. */
void record_write(struct json_out *o, const struct record *r);

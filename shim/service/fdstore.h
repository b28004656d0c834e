/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fdstore: the descriptors that the next member is given: listening sockets, and what members have parked (the fd
 * store of sd_notify(3)). What of it was given to whom is written down for adopt (given.h).
 */
#pragma once

#include <stdbool.h>

#include "loop/loop.h"
#include "service/fdset.h"
#include "service/member.h"

struct fdstore {
	struct loop *loop;
	const char *id; /* of the service */
	unsigned max; /* parked ones */
	/* What a member causes; `m` may be NULL. */
	void (*warn)(struct fdstore *st, struct member *m, const struct err *why);
	struct fdset set;
	struct source hangups; /* of parked descriptors */
	char holder[MEMBER_NAME_MAX]; /* the member that was given them last, and its generation */
	uint64_t holder_generation;
	int given_fd;
	bool has_given; /* the file says something */
};

/* loop, id, max and warn are the owner's to set. */
void fdstore_init(struct fdstore *st);
/* Closes all descriptors; the file for adopt stays. */
void fdstore_finish(struct fdstore *st);

/* FDSTORE=1 of a notification: takes its descriptors. Those that do not fit, or that customs (watch/customs.h) refused, are a
 * warning. */
void fdstore_add(struct fdstore *st, struct member *m, struct notify_message *msg);
/* FDSTOREREMOVE=1: closes those of that name. */
void fdstore_remove(struct fdstore *st, const char *name);
/* Warns that those which it sent, or has, could not be looked at in time. */
void fdstore_hung(struct fdstore *st, struct member *m);

/* The next start, of that generation, gives all of them to `m`. */
void fdstore_give(struct fdstore *st, const struct member *m, uint64_t generation);

/* After adopt: those that a member has; then fdstore_taken(). */
void fdstore_take_back(struct fdstore *st, struct member *m);
/* The same of one whose descriptors are here already. */
void fdstore_keep(struct fdstore *st, const struct member *m);
/* All members have been asked: hang-ups are watched from now on. */
void fdstore_taken(struct fdstore *st);

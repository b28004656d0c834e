/*
 * fdstore: the descriptors that the next member is given: listening sockets, and what members have parked (the fd
 * store of sd_notify(3)). What of it was given to whom is written down for adopt (given.h).
 */
#pragma once

#include <stdbool.h>

#include "loop/loop.h"
#include "service/fdset.h"

struct fdstore {
	struct fdset set;
	struct source hangups; /* of parked descriptors */
	int given_fd;
	bool has_given; /* the file says something */
};

void fdstore_init(struct fdstore *st);
void fdstore_finish(struct fdstore *st, struct loop *l);

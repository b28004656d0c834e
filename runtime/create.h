/* SPDX-License-Identifier: Apache-2.0 */
/* create: what container_create and container_run share: a container from bundle to its gate. */
#pragma once

#include "container.h"
#include "ns/ns.h"

struct created {
	int sync_fd; /* owned; where GO is sent when there is no gate, else FD_NONE */
	int console_fd; /* foreground terminal: the end that receives the pty master */
};

/*
 * Makes the container `c` (opened, locked) from o->bundle. With `use_gate` init waits for `start` of
 * another process, else for GO on ret->sync_fd. On failure, and with CREATE_DECLINED, nothing is left.
 */
int create_container(struct runtime *rt, const struct create_opts *o, bool use_gate,
		     struct container *c, struct created *ret, struct err *e);

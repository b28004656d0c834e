/* SPDX-License-Identifier: Apache-2.0 */
/*
 * folder: notices that the service's state folder has been removed by somebody else than `hart delete`, as by rm -rf. Nobody
 * can ask the shim for anything then, and the next service of that ID would find its cgroup in use.
 */
#pragma once

#include <stdbool.h>

#include "loop/loop.h"

struct container;
struct err;

struct folder_watch {
	struct loop *loop;
	const struct container *container; /* whose folder it is; borrowed */
	struct source changes; /* an inotify */
	struct timer look;
	unsigned looks;
	bool is_gone;
	void (*removed)(struct folder_watch *f); /* once */
};

#define FOLDER_WATCH_INIT ((struct folder_watch){ .changes = SOURCE_INIT })

/* f->removed is set before, and called from the loop. -errno of inotify(7). */
int folder_watch_begin(struct folder_watch *f, struct loop *l, const struct container *c, struct err *e);

/* Fine when it has not begun. */
void folder_watch_end(struct folder_watch *f);

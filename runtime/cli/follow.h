/* SPDX-License-Identifier: Apache-2.0 */
/*
 * follow: what happens to the services of a root, read from their journals as it is written. A service that comes later is
 * followed from its first line on, over takeovers, adopts and rotations, to the end of its folder. Memory is a few words a
 * container.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "container.h"
#include "journal_tail.h"

struct err;

struct followed {
	char *id;
	int folder_watch, file_watch; /* inotify's; -1: none */
	struct journal_tail tail;
};

struct follow {
	struct runtime *rt; /* borrowed */
	const char *only; /* that one alone; NULL: all */
	int inotify;
	int root_watch;
	struct followed *v;
	size_t n;
	/* A line of a journal. Less than 0 ends it. */
	int (*line)(const char *id, const char *text, size_t len, void *arg, struct err *e);
	void *arg;
};

/* With `from_oldest` the lines that are there come first. */
int follow_open(struct follow *f, bool from_oldest, struct err *e);
void follow_close(struct follow *f);

/* Passes on what has been written, as f->inotify is readable; the other one waits for that. */
int follow_round(struct follow *f, struct err *e);
int follow_wait(struct follow *f, struct err *e);

/* True when `only` has been deleted. */
bool follow_is_over(const struct follow *f);

/* SPDX-License-Identifier: Apache-2.0 */
/* status_line: how one container or service stands, in a few words: for `status` of all, and for `top`. */
#pragma once

#include <stdbool.h>

struct buf;
struct survey;

#define STATUS_NOTE_MAX 256

/* Texts are good as long as the survey. */
struct status_line {
	const char *state, *serves, *takeovers;
	const char *since_ms; /* NULL: nobody serves */
	char note[STATUS_NOTE_MAX]; /* what a person should know of it beside its state */
	bool is_well;
	bool failed; /* out of memory */
};

void status_line_of(const struct survey *s, struct status_line *ret);

/* "3d4h", "5h20m", "7m12s", "9s", in a column; "-" for NULL. */
void status_put_since(struct buf *out, const char *ms);

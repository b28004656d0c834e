/* SPDX-License-Identifier: Apache-2.0 */
/*
 * last_words: for the command that waits for a service which is not active: why not, and the last that its members wrote, before
 * the log goes with the folder.
 */
#pragma once

struct err;
struct logfile;
struct machine_action;
struct member;

struct last_words {
	const struct machine_action *failure; /* the last one; cause CAUSE_NONE: there was none */
	const struct member *member; /* whose */
	const struct logfile *log; /* may be closed */
};

/* Makes *e say `what`, the failure, or what it says already where there was none, and the end of the log. Nothing to say: *e stays. */
void last_words_put(const struct last_words *w, const char *what, struct err *e);

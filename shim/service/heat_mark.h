/* SPDX-License-Identifier: Apache-2.0 */
/*
 * heat_mark: that a member is a standby whose program runs stands in a file of the service's folder, "heating.NAME" before its
 * first instruction and "hot.NAME" when it is ready, so that adopt does not take it for the one that serves.
 */
#pragma once

struct err;

enum heat_mark { HEAT_NONE, HEAT_STARTED, HEAT_READY };

/* What is written down of it. `dir_fd`: the service's folder; `member`: a name. */
enum heat_mark heat_mark_of(int dir_fd, const char *member);

/* Its program is about to run. -errno: that could not be written down, so it may not be let run. */
int heat_mark(int dir_fd, const char *member, struct err *e);

/* It is ready. The name changes in one step. */
int heat_mark_ready(int dir_fd, const char *member, struct err *e);

/* It serves, or is gone. No mark is fine. */
void heat_unmark(int dir_fd, const char *member);

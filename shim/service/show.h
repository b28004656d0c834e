/* SPDX-License-Identifier: Apache-2.0 */
/* show: in the foreground, a line on stderr for each transition that a person can read. */
#pragma once

struct takeover;
struct transition;

/* `member` is the name of the member that it is about; NULL: none. */
void show_transition(const char *id, const struct transition *t, const char *member);
/* How long a takeover took, and between whom. */
void show_takeover(const char *id, const struct takeover *t);

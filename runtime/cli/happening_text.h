/* SPDX-License-Identifier: Apache-2.0 */
/* happening_text: a line of a journal as a sentence: when, what, who, why. */
#pragma once

#include <stdbool.h>

struct buf;
struct facts;

/* It is the service `id`'s, as several may write to one journal, and within the moments of log_time.h; NULL: any. */
bool happening_is_wanted(const struct facts *line, const char *id, const char *since, const char *until);

/* "2026-11-27 23:41:11.916Z  failed         primary, generation 1: killed by SIGKILL\n". Control characters of its text are
 * shown, not sent. */
void happening_text(const struct facts *line, struct buf *out);

/* happening_text: a line of a journal as a sentence: when, what, who, why. */
#pragma once

#include <stddef.h>

struct buf;
struct facts;

/* "2026-11-27 23:41:11.916Z  failed         primary, generation 1: killed by SIGKILL\n". Control characters of its text are
 * shown, not sent. */
void happening_text(const struct facts *line, struct buf *out);

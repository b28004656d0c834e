/* SPDX-License-Identifier: Apache-2.0 */
/* visible: text of somebody else's for a terminal: what would command the terminal is shown instead. */
#pragma once

#include <stddef.h>

struct buf;

/* `text` with control characters (C0 but the tab, DEL, C1) and bytes that are not UTF-8 as \xNN. */
void visible_put(struct buf *out, const char *text, size_t len);

/* The same, of several lines. */
void visible_put_lines(struct buf *out, const char *text, size_t len);

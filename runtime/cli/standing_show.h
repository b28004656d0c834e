/* SPDX-License-Identifier: Apache-2.0 */
/* standing_show: what is known of a service without asking a shim, for status. */
#pragma once

struct buf;
struct container;
struct standing;

/* One JSON object and a newline. */
void standing_write_json(const struct container *c, const struct standing *st, struct buf *out);

/* SPDX-License-Identifier: Apache-2.0 */
/* built_in: what is built in, as the spec's features structure (features.md, features-linux.md). Not what this host has. */
#pragma once

struct arena;
struct buf;
struct err;

/* As JSON, indented, with a newline at its end. */
int built_in_print(struct arena *a, struct buf *out, struct err *e);

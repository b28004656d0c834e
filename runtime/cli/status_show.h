/* SPDX-License-Identifier: Apache-2.0 */
/* status_show: what `hart status` says of one service to people, from its shim's answer. */
#pragma once

#include <stddef.h>

struct arena;
struct buf;
struct err;

int status_show(struct arena *a, const char *json, size_t len, struct buf *out, struct err *e);

/* SPDX-License-Identifier: Apache-2.0 */
/* status_all: `hart status` without a container: how all services stand. */
#pragma once

#include <stdbool.h>

struct buf;
struct cli;
struct err;

/* A table of a line a service or, with `json`, their status one after the other, a line each. *ret_well: each of them serves
 * as it is meant to, or has ended because it was done or told to. */
int status_all(struct cli *cli, bool json, struct buf *out, bool *ret_well, struct err *e);

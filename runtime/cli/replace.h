/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replace: `hart run --replace`, for what starts a container over and over, at boot or after a crash of the shim: what is
 * left of the last time is no error.
 */
#pragma once

struct cli;
struct create_opts;
struct err;
struct runtime;

/*
 * A service whose shim has died is adopted: 1, with cli->status; its members have served on. What has ended is deleted, and 0
 * as when there is nothing: it can be made. -EEXIST: it lives.
 */
int replace_container(struct cli *cli, struct runtime *rt, const struct create_opts *o, struct err *e);

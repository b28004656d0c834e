/* SPDX-License-Identifier: Apache-2.0 */
/* shim_replace: asks a running shim to make place for this hart: `adopt --replace`, and `update` with a policy. */
#pragma once

struct cli;
struct err;

/*
 * args[0]'s shim executes this program; returns when that supervises the service. `settings`: of its policy, a line each,
 * NAME=VALUE; NULL: it stays as it is. A service that is not at rest is waited for, a while.
 */
int shim_replace(struct cli *cli, const char *settings, struct err *e);

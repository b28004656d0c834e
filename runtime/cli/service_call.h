/* SPDX-License-Identifier: Apache-2.0 */
/* service_call: what the commands about supervised services share. */
#pragma once

#include "cmd.h"
#include "ctl/ctl.h"

/* Opens args[0], without its lock, and makes sure that it is a supervised service. Closed by the caller. */
int service_peek(struct cli *cli, struct runtime *rt, struct container *c, struct err *e);
/* The same of one whose shim lives; else -ECONNREFUSED ("hart adopt"). */
int service_peek_supervised(struct cli *cli, struct runtime *rt, struct container *c, struct err *e);
/* The same as the first below a root that is open. */
int service_find(struct cli *cli, struct runtime *rt, struct container *c, struct err *e);

/* Asks the shim of args[0]; the answer is in cli's arena. -ECONNREFUSED: as above. */
int service_ask(struct cli *cli, const struct ctl_request *q, char **ret_json, size_t *ret_len,
		struct err *e);

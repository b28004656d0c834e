/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_features: the spec's features structure (features.md, features-linux.md). It says what is
 * built in, not what this host has. */
#include "base/buf.h"
#include "base/err.h"
#include "built_in.h"
#include "cmd.h"

static int run_features(struct cli *cli, struct err *e)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	int r = built_in_print(cli->arena, &out, e);

	return r < 0 ? r : cli_print(&out, e);
}

const struct command cmd_features = {
	.name = "features",
	.args = "",
	.summary = "print what is built in, as the spec's features structure",
	.max_args = 0,
	.run = run_features,
};

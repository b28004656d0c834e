/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_checkpoint: checkpoint and restore, which hart does not have. Their options are read so that
 * callers get that answer and not a complaint about an option.
 */
#include "base/err.h"
#include "cmd.h"

/* Nobody looks at the values. */
struct ignored {
	bool flag;
	const char *value;
};

#define FLAG(name, alias) OPT_FLAG(struct ignored, flag, name, alias, NULL)
#define VALUE(name, alias) OPT_STRING(struct ignored, value, name, alias, "VALUE", NULL)

static const struct opt_row rows[] = {
	VALUE("image-path", 0),
	VALUE("work-path", 0),
	VALUE("parent-path", 0),
	VALUE("status-fd", 0),
	VALUE("page-server", 0),
	VALUE("manage-cgroups-mode", 0),
	VALUE("empty-ns", 0),
	VALUE("console-socket", 0),
	VALUE("pid-file", 0),
	VALUE("bundle", 'b'),
	VALUE("lsm-profile", 0),
	VALUE("lsm-mount-context", 0),
	FLAG("leave-running", 0),
	FLAG("tcp-established", 0),
	FLAG("tcp-skip-in-flight", 0),
	FLAG("link-remap", 0),
	FLAG("ext-unix-sk", 0),
	FLAG("shell-job", 0),
	FLAG("lazy-pages", 0),
	FLAG("file-locks", 0),
	FLAG("pre-dump", 0),
	FLAG("auto-dedup", 0),
	FLAG("detach", 'd'),
	FLAG("no-subreaper", 0),
	FLAG("no-pivot", 0),
	FLAG("no-new-keyring", 0),
};

static int run_unsupported(struct cli *cli, struct err *e)
{
	(void)cli;
	return err_msg(e, ENOTSUP, "checkpoint and restore are not supported");
}

const struct command cmd_checkpoint = {
	.name = "checkpoint",
	.args = "CONTAINER",
	.summary = "not supported: an error",
	.table = { rows, sizeof rows / sizeof rows[0], false },
	.opts_size = sizeof(struct ignored),
	.min_args = 1,
	.max_args = 1,
	.run = run_unsupported,
};

const struct command cmd_restore = {
	.name = "restore",
	.args = "CONTAINER",
	.summary = "not supported: an error",
	.table = { rows, sizeof rows / sizeof rows[0], false },
	.opts_size = sizeof(struct ignored),
	.min_args = 1,
	.max_args = 1,
	.run = run_unsupported,
};

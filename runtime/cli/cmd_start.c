/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_start: start and delete: the two plain calls on one container. */
#include "base/err.h"
#include "cmd.h"
#include "ctl/ctl.h"
#include "service/api.h"

struct delete_flags {
	bool force;
};

static const struct opt_row delete_rows[] = {
	OPT_FLAG(struct delete_flags, force, "force", 'f',
		 "kill the container with SIGKILL first; no error when there is none, and what is "
		 "left of a broken one is removed as well"),
};

static int cmd_start_run_start(struct cli *cli, struct err *e)
{
	struct container c = CONTAINER_INIT;
	struct runtime rt;
	char *answer;
	size_t len;
	int r = cli_open_container(cli, &rt, &c, e);

	if (r < 0)
		return r;
	if (container_is_service(&c)) {
		container_unlock(&c); /* its shim answers when the service is active */
		r = ctl_call(c.dir_fd, &(struct ctl_request){ .command = CTL_START }, cli->arena, &answer, &len, e);
	} else {
		r = container_start(&c, e);
	}
	container_close(&c);
	runtime_close(&rt);
	return r;
}

static int run_delete(struct cli *cli, struct err *e)
{
	const struct delete_flags *f = cli->opts;
	struct container c = CONTAINER_INIT;
	struct runtime rt;
	int r = cli_open_runtime(cli, &rt, e);

	if (r < 0)
		return r;
	if (f->force) {
		r = service_clear(&rt, cli->args[0], e);
	} else if ((r = container_open(&rt, cli->args[0], &c, e)) >= 0) {
		r = container_is_service(&c) ? service_delete(&rt, &c, false, e) : container_delete(&c, false, e);
		container_close(&c);
	}
	runtime_close(&rt);
	return r;
}

const struct command cmd_start = {
	.name = "start",
	.args = "CONTAINER",
	.summary = "start the program of a created container",
	.min_args = 1,
	.max_args = 1,
	.run = cmd_start_run_start,
};

const struct command cmd_delete = {
	.name = "delete",
	.args = "CONTAINER",
	.summary = "delete a container and everything that was made for it",
	.doc = "The container must be stopped, unless --force is given.",
	.table = { delete_rows, sizeof delete_rows / sizeof delete_rows[0], false },
	.opts_size = sizeof(struct delete_flags),
	.min_args = 1,
	.max_args = 1,
	.run = run_delete,
};

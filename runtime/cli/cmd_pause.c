/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_pause: pause and resume. */
#include "base/err.h"
#include "cmd.h"

static int with_container(struct cli *cli, int (*fn)(struct container *c, struct err *e),
			  struct err *e)
{
	struct container c = CONTAINER_INIT;
	struct runtime rt;
	int r = cli_open_container(cli, &rt, &c, e);

	if (r < 0)
		return r;
	r = fn(&c, e);
	container_close(&c);
	runtime_close(&rt);
	return r;
}

static int run_pause(struct cli *cli, struct err *e)
{
	return with_container(cli, container_pause, e);
}

static int run_resume(struct cli *cli, struct err *e)
{
	return with_container(cli, container_resume, e);
}

const struct command cmd_pause = {
	.name = "pause",
	.args = "CONTAINER",
	.summary = "suspend all processes of a container",
	.doc = "Returns when all of them stand still. They keep their memory and their files.",
	.min_args = 1,
	.max_args = 1,
	.run = run_pause,
};

const struct command cmd_resume = {
	.name = "resume",
	.args = "CONTAINER",
	.summary = "let the processes of a paused container run again",
	.min_args = 1,
	.max_args = 1,
	.run = run_resume,
};

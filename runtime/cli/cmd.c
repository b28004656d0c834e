/* SPDX-License-Identifier: Apache-2.0 */
/* cmd: what commands share. */
#include "cmd.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/io.h"
#include "visible.h"

int cli_open_runtime(struct cli *cli, struct runtime *rt, struct err *e)
{
	const char *root = cli->global->root;

	if (!root)
		root = runtime_default_root(cli->arena);
	if (!root)
		return err_set(e, ENOMEM, "find the default --root");
	return runtime_open(rt, root, e);
}

int cli_open_container(struct cli *cli, struct runtime *rt, struct container *c, struct err *e)
{
	int r = cli_open_runtime(cli, rt, e);

	if (r < 0)
		return r;
	r = container_open(rt, cli->args[0], c, e);
	if (r < 0)
		runtime_close(rt);
	return r;
}

int cli_print(const struct buf *b, struct err *e)
{
	if (b->failed)
		return err_set(e, ENOMEM, "prepare the output");
	return io_write_all(STDOUT_FILENO, b->data, b->len, "to stdout", e);
}

int cli_print_visible(const struct buf *b, struct err *e)
{
	_cleanup_buf_ struct buf out = BUF_INIT;

	if (b->len)
		visible_put_lines(&out, b->data, b->len);
	out.failed |= b->failed;
	return cli_print(&out, e);
}

int cli_absolute(struct cli *cli, const char *path, const char **ret, struct err *e)
{
	char *cwd;

	if (!path || path[0] == '/') {
		*ret = path;
		return 0;
	}
	cwd = getcwd(NULL, 0);
	if (!cwd)
		return err_set(e, errno, "find the current folder");
	*ret = arena_printf(cli->arena, "%s/%s", strcmp(cwd, "/") ? cwd : "", path);
	free(cwd);
	return *ret ? 0 : err_set(e, ENOMEM, "make %s absolute", path);
}

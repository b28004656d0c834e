/* SPDX-License-Identifier: Apache-2.0 */
/* typed_id: see typed_id.h. */
#include "typed_id.h"

#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "cmd.h"

struct search {
	struct arena *arena;
	const char *beginning;
	char *found;
	size_t n;
	bool failed;
};

static int typed_id_look_at(struct runtime *rt, const char *id, void *arg)
{
	struct search *s = arg;

	(void)rt;
	if (strncmp(id, s->beginning, strlen(s->beginning)))
		return 0;
	s->found = arena_strdup(s->arena, id);
	s->failed |= !s->found;
	return ++s->n > 1 || s->failed;
}

int typed_id_peek(struct cli *cli, struct runtime *rt, struct container *c, struct err *e)
{
	struct search s = { .arena = cli->arena, .beginning = cli->args[0] };
	struct err why = ERR_INIT;
	int r = container_peek(rt, cli->args[0], c, e);

	if (r != -ENOENT || !*cli->args[0])
		return r;
	if (runtime_each(rt, typed_id_look_at, &s, &why) < 0 || !s.n)
		return r;
	if (s.n > 1)
		return err_msg(e, ENOTUNIQ, "\"%s\" is the beginning of several IDs: write more of it", cli->args[0]);
	char **args = arena_calloc(cli->arena, cli->n_args + 1, sizeof *args);
	if (s.failed || !args)
		return err_set(e, ENOMEM, "find \"%s\"", cli->args[0]);
	memcpy(args, cli->args, cli->n_args * sizeof *args);
	args[0] = s.found;
	cli->args = args;
	err_clear(e);
	return container_peek(rt, s.found, c, e);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* replace: see replace.h. */
#include "replace.h"

#include "base/err.h"
#include "base/log.h"
#include "cmd.h"
#include "service/api.h"

enum found { IS_NONE, IS_ORPHAN, IS_OVER, IS_ALIVE };

static int replace_look_at(struct runtime *rt, const char *id, enum found *ret, struct err *e)
{
	struct container c = CONTAINER_INIT;
	enum container_status status;
	int r = container_peek(rt, id, &c, e);

	*ret = IS_NONE;
	if (r == -ENOENT) {
		err_clear(e);
		return 0;
	}
	if (r < 0)
		return r;
	if (container_is_service(&c) && container_is_supervised(&c))
		*ret = IS_ALIVE;
	else if (container_is_service(&c) && c.state->supervisor_pid && c.state->started)
		*ret = IS_ORPHAN;
	else
		r = container_status(&c, &status, e);
	if (*ret == IS_NONE && r >= 0)
		*ret = status == STATUS_STOPPED ? IS_OVER : IS_ALIVE;
	container_close(&c);
	return r;
}

int replace_container(struct cli *cli, struct runtime *rt, const struct create_opts *o, struct err *e)
{
	enum found found;
	int r = replace_look_at(rt, o->id, &found, e);

	if (r < 0 || found == IS_NONE)
		return r;
	if (found == IS_ALIVE)
		return err_msg(e, EEXIST, "container \"%s\" is running: --replace takes the place of what has ended", o->id);
	if (found == IS_OVER)
		return service_clear(rt, o->id, e);
	log_debug("%s: its shim has died: adopting it", o->id);
	r = service_adopt(rt, o->id, o->detach, &cli->status, e);
	return r < 0 ? r : 1;
}

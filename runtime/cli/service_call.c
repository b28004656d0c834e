/* SPDX-License-Identifier: Apache-2.0 */
/* service_call: see service_call.h. */
#include "service_call.h"

#include "base/err.h"
#include "typed_id.h"

int service_find(struct cli *cli, struct runtime *rt, struct container *c, struct err *e)
{
	int r = typed_id_peek(cli, rt, c, e);

	if (r < 0 || container_is_service(c))
		return r;
	container_close(c);
	return err_msg(e, EINVAL, "container \"%s\" is not a supervised service (hart run --standby, --probe, --listen, ...)",
		       cli->args[0]);
}

int service_peek(struct cli *cli, struct runtime *rt, struct container *c, struct err *e)
{
	int r = cli_open_runtime(cli, rt, e);

	if (r < 0)
		return r;
	r = service_find(cli, rt, c, e);
	if (r < 0)
		runtime_close(rt);
	return r;
}

int service_peek_supervised(struct cli *cli, struct runtime *rt, struct container *c, struct err *e)
{
	int r = service_peek(cli, rt, c, e);

	if (r < 0 || container_is_supervised(c))
		return r;
	container_close(c);
	runtime_close(rt);
	return err_msg(e, ECONNREFUSED, "nobody supervises \"%s\": its shim has ended; \"hart adopt %s\" starts another one",
		       cli->args[0], cli->args[0]);
}

int service_ask(struct cli *cli, const struct ctl_request *q, char **ret_json, size_t *ret_len,
		struct err *e)
{
	struct container c;
	struct runtime rt;
	int r = service_peek_supervised(cli, &rt, &c, e);

	if (r < 0)
		return r;
	r = ctl_call(c.dir_fd, q, cli->arena, ret_json, ret_len, e);
	container_close(&c);
	runtime_close(&rt);
	return r;
}

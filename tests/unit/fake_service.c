/* SPDX-License-Identifier: Apache-2.0 */
/* fake_service: the shim's side of fake_runtime.h: service/api.h and ctl/ctl.h without services. */
#include "base/err.h"
#include "container.h"
#include "ctl/ctl.h"
#include "fake_runtime.h"
#include "service/api.h"

int service_run(struct runtime *rt, const struct create_opts *o, const struct policy_flags *flags,
		int *ret_status, struct err *e)
{
	(void)rt;
	(void)flags;
	fake_note_create("service", o);
	*ret_status = fake()->status;
	return fake_create_result(o, e);
}

int service_look(struct arena *a, struct oci_config *c, void *arg, struct err *e)
{
	(void)a;
	(void)c;
	(void)arg;
	(void)e;
	return 0;
}

int service_create(struct runtime *rt, const struct create_opts *o, struct err *e)
{
	(void)rt;
	fake_note_create("service create", o);
	return fake_create_result(o, e);
}

int service_adopt(struct runtime *rt, const char *id, bool detach, int *ret_status, struct err *e)
{
	(void)rt;
	fake_note("adopt %s%s", id, detach ? " detach" : "");
	*ret_status = fake()->status;
	return fake_result(e);
}

int service_delete(struct runtime *rt, struct container *c, bool force, struct err *e)
{
	(void)rt;
	(void)c;
	fake_note("delete service%s", force ? " force" : "");
	return fake_result(e);
}

int ctl_call(int dir_fd, const struct ctl_request *q, struct arena *a, char **ret_json,
	     size_t *ret_len, struct err *e)
{
	(void)dir_fd;
	(void)a;
	fake_note("ask %d %d", (int)q->command, q->signal);
	*ret_json = (char *)"{}";
	*ret_len = 2;
	return fake_result(e);
}

int service_standing(struct container *c, struct standing *ret, struct err *e)
{
	(void)c;
	*ret = (struct standing){ .status = -1 };
	return fake_result(e);
}

int service_clear(struct runtime *rt, const char *id, struct err *e)
{
	(void)rt;
	fake_note("clear %s", id);
	return fake_result(e);
}

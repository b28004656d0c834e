/* SPDX-License-Identifier: Apache-2.0 */
/* terms_kept: see terms_kept.h. */
#include "service/terms_kept.h"

#include "base/err.h"
#include "base/io.h"
#include "container.h"
#include "service/adopt_plan.h"
#include "service/listen.h"
#include "spec.h"
#include "statefile.h"

int terms_kept_read(const struct container *c, struct plan *p, struct policy *policy, struct terms_kept *ret, struct err *e)
{
	int r = io_read_file(p->arena, c->dir_fd, CONFIG_FILE, SPEC_MAX_BYTES, &ret->json, &ret->len, e);

	if (r >= 0)
		r = spec_load_config(p->arena, ret->json, ret->len, &ret->config, NULL, e);
	if (r >= 0)
		r = plan_read(p, c->dir_fd, e);
	return r < 0 ? r : policy_parse(p->arena, p->flags, &ret->config->annotations, policy, e);
}

int service_forget_sockets(struct container *c, struct err *e)
{
	struct plan *p = plan_new(&c->arena);
	struct policy policy = { 0 };
	struct terms_kept kept;
	int r = p ? terms_kept_read(c, p, &policy, &kept, e) : err_set(e, ENOMEM, "remove sockets");

	for (unsigned i = 0; r >= 0 && i < policy.n_listen; i++)
		listen_remove_stale(&policy.listen[i]);
	return r;
}

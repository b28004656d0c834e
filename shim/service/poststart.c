/* SPDX-License-Identifier: Apache-2.0 */
/* poststart: see service/poststart.h. */
#include "service/poststart.h"

#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "hooks.h"
#include "loop/loop.h"
#include "service/made.h"
#include "spec.h"
#include "state.h"

static int run_poststart(void *arg, struct err *e)
{
	const struct poststart *p = arg;
	_cleanup_arena_ struct arena a = ARENA_INIT;
	_cleanup_buf_ struct buf json = BUF_INIT;
	struct oci_config *config;
	struct state state = *p->state;
	int r = spec_load_config(&a, p->made->config_json, p->made->config_len, &config, NULL, e);

	state.pid = p->pid;
	if (r >= 0)
		r = state_encode_oci(&state, STATUS_RUNNING, state.pid, &json, e);
	if (r >= 0 && chdir(p->made->bundle) < 0)
		r = err_set(e, errno, "enter the bundle %s", p->made->bundle);
	return r < 0 ? r : hooks_run(&config->hooks->poststart, json.data, json.len, "poststart", e);
}

static void on_poststart(struct worker *w, int result, const struct err *why)
{
	struct poststart *p = LOOP_OWNER(w, struct poststart, worker);

	p->done(p, result, why);
}

void poststart_begin(struct poststart *p, const struct state *st, const struct service_made *made, pid_t pid)
{
	int *const keep[] = { NULL };
	struct err e = ERR_INIT;
	bool runs = !p->has_run && st->has_poststart;

	p->has_run = true;
	p->state = st;
	p->made = made;
	p->pid = pid;
	if (!runs)
		p->done(p, 0, &e);
	else if (worker_start(&p->worker, p->loop, keep, run_poststart, p, on_poststart, &e) < 0)
		p->done(p, -e.code, &e);
}

/* service/hooks: poststart and poststop belong to the service and run once (hart-failover(7)), in a worker, so
 * that a slow hook stops nothing. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/fd.h"
#include "hooks.h"
#include "service/parts.h"
#include "spec.h"
#include "state.h"

static int run_poststart(void *arg, struct err *e)
{
	struct service *s = arg;
	_cleanup_arena_ struct arena a = ARENA_INIT;
	_cleanup_buf_ struct buf json = BUF_INIT;
	struct oci_config *config;
	struct state state = *s->container.state;
	int r = spec_load_config(&a, s->made.config_json, s->made.config_len, &config, NULL, e);

	state.pid = s->members[s->machine.active].pid;
	if (r >= 0)
		r = state_encode_oci(&state, STATUS_RUNNING, state.pid, &json, e);
	if (r >= 0 && chdir(s->made.bundle) < 0)
		r = err_set(e, errno, "enter the bundle %s", s->made.bundle);
	return r < 0 ? r : hooks_run(&config->hooks->poststart, json.data, json.len, "poststart", e);
}

/* Since 1.3 of the runtime-spec a failing poststart hook is an error, and the container is stopped. */
static void on_poststart(struct worker *w, int result, const struct err *why)
{
	struct service *s = LOOP_OWNER(w, struct service, poststart.worker);

	if (result < 0) {
		s->outcome.failure = *why;
		service_warn(s, NULL, why);
		service_stop(s, SIGKILL);
	} else {
		service_is_up(s);
	}
	service_settle(s);
}

void service_poststart(struct service *s)
{
	int *const keep[] = { NULL };
	struct err e = ERR_INIT;

	if (s->poststart.has_run || !s->container.state->has_poststart) {
		s->poststart.has_run = true;
		service_is_up(s);
		return;
	}
	s->poststart.has_run = true;
	if (worker_start(&s->poststart.worker, &s->loop, keep, run_poststart, s, on_poststart, &e) < 0)
		on_poststart(&s->poststart.worker, -e.code, &e);
}

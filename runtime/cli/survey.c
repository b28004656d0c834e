/* SPDX-License-Identifier: Apache-2.0 */
/* survey: see survey.h. */
#include "survey.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "cmd.h"
#include "ctl/ctl.h"
#include "service/api.h"

#define ONE_MS 1000
#define ALL_MS 5000 /* a Prometheus waits 10 s, if nobody told it otherwise */
#define LATE_MS 20 /* for each of the rest, when that is over */

static int ask_shim(struct survey *s, struct arena *a, long long timeout_ms, struct err *e)
{
	struct ctl_request q = { .command = CTL_STATUS, .timeout_ms = timeout_ms };
	char *json;
	size_t len;
	int r = ctl_call(s->c->dir_fd, &q, a, &json, &len, e);

	if (r < 0)
		return r;
	s->json = json;
	s->json_len = len;
	return facts_read(&s->facts, a, json, len, e);
}

int survey_one(struct container *c, struct arena *a, long long timeout_ms, struct survey *ret, struct err *e)
{
	struct err why = ERR_INIT;

	*ret = (struct survey){ .c = c, .is_service = container_is_service(c) };
	int r = container_status(c, &ret->status, e);
	if (r < 0 || !ret->is_service)
		return r;
	if (container_is_supervised(c)) {
		ret->answered = ask_shim(ret, a, timeout_ms, &why) >= 0;
		if (ret->answered)
			return 0;
		ret->why = arena_strdup(a, why.text);
	} else {
		ret->is_lost = c->state->supervisor_pid;
	}
	ret->standing = arena_alloc(a, sizeof *ret->standing);
	if (!ret->standing || (why.text[0] && !ret->why))
		return err_set(e, ENOMEM, "look at \"%s\"", c->state->id);
	return service_standing(c, ret->standing, e);
}

struct round {
	int (*fn)(const struct survey *s, void *arg);
	void *arg;
	long long end_ms;
};

static int survey_look_at(struct runtime *rt, const char *id, void *arg)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct round *round = arg;
	long long left_ms = round->end_ms - clock_now_ms();
	struct container c = CONTAINER_INIT;
	struct err e = ERR_INIT;
	struct survey s;
	int stop = 0, r = container_peek(rt, id, &c, &e);

	if (r >= 0) {
		r = survey_one(&c, &a, left_ms > ONE_MS ? ONE_MS : left_ms > LATE_MS ? left_ms : LATE_MS, &s, &e);
		if (r >= 0)
			stop = round->fn(&s, round->arg);
		container_close(&c);
	}
	/* Deleted meanwhile: not worth a word. */
	if (r < 0 && r != -ENOENT)
		log_warn("%s: %s", id, e.text);
	return stop;
}

int survey_each(struct cli *cli, int (*fn)(const struct survey *s, void *arg), void *arg, struct err *e)
{
	struct round round = { fn, arg, clock_now_ms() + ALL_MS };
	struct runtime rt;
	int r = cli_open_runtime(cli, &rt, e);

	if (r < 0)
		return r;
	r = runtime_each(&rt, survey_look_at, &round, e);
	runtime_close(&rt);
	return r;
}

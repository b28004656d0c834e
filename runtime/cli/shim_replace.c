/* SPDX-License-Identifier: Apache-2.0 */
/* shim_replace: see shim_replace.h. */
#include "shim_replace.h"

#include <time.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "service_call.h"

#define REST_MS 10000 /* it may be building a standby */
#define START_MS 10000
#define LOOK_AGAIN_MS 20
#define ANSWER_MS 1000

static void pause_ms(long long ms)
{
	nanosleep(&(struct timespec){ ms / 1000, ms % 1000 * 1000000 }, NULL);
}

/* Its connection ends without an answer when it executes us. */
static int ask_for_place(struct cli *cli, const struct container *c, const char *settings, struct err *e)
{
	struct ctl_request q = { .command = CTL_REPLACE, .settings = settings };
	long long end_ms = clock_now_ms() + REST_MS;
	char *answer;
	size_t len;
	int r;

	while ((r = ctl_call(c->dir_fd, &q, cli->arena, &answer, &len, e)) == -EBUSY && clock_now_ms() < end_ms) {
		err_clear(e);
		pause_ms(LOOK_AGAIN_MS);
	}
	if (r == -ECONNRESET) {
		err_clear(e);
		return 0;
	}
	return r < 0 ? r : err_msg(e, EPROTO, "the shim has answered instead of making place");
}

/* There is one that listens. */
static int await_next(struct cli *cli, const struct container *c, struct err *e)
{
	struct ctl_request q = { .command = CTL_STATUS, .timeout_ms = ANSWER_MS };
	long long end_ms = clock_now_ms() + START_MS;
	char *answer;
	size_t len;
	int r;

	while ((r = ctl_call(c->dir_fd, &q, cli->arena, &answer, &len, e)) < 0 && container_is_supervised(c) &&
	       clock_now_ms() < end_ms) {
		err_clear(e);
		pause_ms(LOOK_AGAIN_MS);
	}
	return r < 0 ? err_in(e, "the next shim of \"%s\" does not answer; its members run on, and \"hart adopt %s\" starts "
				 "another one when it has ended", c->state->id, c->state->id)
		     : 0;
}

int shim_replace(struct cli *cli, const char *settings, struct err *e)
{
	struct container c;
	struct runtime rt;
	int r = service_peek_supervised(cli, &rt, &c, e);

	if (r < 0)
		return r;
	r = ask_for_place(cli, &c, settings, e);
	if (r >= 0)
		r = await_next(cli, &c, e);
	container_close(&c);
	runtime_close(&rt);
	return r;
}

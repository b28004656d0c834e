/* SPDX-License-Identifier: Apache-2.0 */
/* reclaim: see reclaim.h. */
#include "service/reclaim.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/io.h"
#include "cgroup/tree.h"
#include "service/member.h"

#define FREEZES_MS 2000

/* What runs takes its memory back. */
static void wait_until_frozen(const struct member *m)
{
	struct pollfd change = { .fd = m->events_fd, .events = POLLPRI };

	for (int i = 0; i < FREEZES_MS / 100; i++) {
		if (cgroup_read_key(m->cgroup_fd, "cgroup.events", "frozen", NULL) != 0)
			return;
		poll(&change, 1, 100);
	}
}

static int run(void *arg, struct err *e)
{
	const struct member *m = arg;
	char bytes[32];

	wait_until_frozen(m);
	ssize_t n = io_read_small(m->cgroup_fd, "memory.current", bytes, sizeof bytes, e);
	if (n <= 0)
		return n < 0 ? (int)n : err_msg(e, EIO, "memory.current is empty");
	int r = io_write_at(m->cgroup_fd, "memory.reclaim", bytes, strcspn(bytes, "\n"), e);
	/* Not all of it could be had. */
	if (r == -EAGAIN)
		err_clear(e);
	return r == -EAGAIN ? 0 : r;
}

static void begin_next(struct reclaim *r);

static void on_done(struct worker *w, int result, const struct err *why)
{
	struct reclaim *r = LOOP_OWNER(w, struct reclaim, worker);
	struct err e = *why;

	if (result < 0 && r->member) {
		err_in(&e, result == -ENOENT ? "--reclaim needs the memory controller and Linux 5.19" : "--reclaim");
		r->member->owner->warn_caused(r->member, &e);
	}
	r->member = NULL;
	begin_next(r);
}

static void begin_next(struct reclaim *r)
{
	struct err e = ERR_INIT;

	for (int i = 0; i < MACHINE_MEMBERS_MAX && !worker_is_busy(&r->worker); i++) {
		struct member *m = r->wanted[i];
		if (!m)
			continue;
		int *const keep[] = { &m->cgroup_fd, &m->events_fd, NULL };
		r->wanted[i] = NULL;
		if (worker_start(&r->worker, r->loop, keep, run, m, on_done, &e) < 0)
			m->owner->warn(m, &e);
		else
			r->member = m;
	}
}

void reclaim_begin(struct reclaim *r, struct member *m)
{
	r->wanted[m->index] = m;
	begin_next(r);
}

void reclaim_stop(struct reclaim *r, const struct member *m)
{
	r->wanted[m->index] = NULL;
	if (r->member != m)
		return;
	worker_abandon(&r->worker);
	r->member = NULL;
	begin_next(r);
}

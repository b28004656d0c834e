/* reclaim: see reclaim.h. */
#include "service/reclaim.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/io.h"
#include "cgroup/tree.h"
#include "service/parts.h"

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

static void begin_next(struct service *s);

static void on_done(struct worker *w, int result, const struct err *why)
{
	struct service *s = LOOP_OWNER(w, struct service, heat.reclaim.worker);
	struct err e = *why;

	if (result < 0 && s->heat.reclaim.member) {
		err_in(&e, result == -ENOENT ? "--reclaim takes the memory controller and Linux 5.19" : "--reclaim");
		service_warn_caused(s, s->heat.reclaim.member, &e);
	}
	s->heat.reclaim.member = NULL;
	begin_next(s);
}

static void begin_next(struct service *s)
{
	struct reclaim *r = &s->heat.reclaim;
	struct err e = ERR_INIT;

	for (int i = 0; i < s->machine.n_members && !worker_is_busy(&r->worker); i++) {
		struct member *m = &s->members[i];
		int *const keep[] = { &m->cgroup_fd, &m->events_fd, NULL };
		if (!(r->wanted & 1U << i))
			continue;
		r->wanted &= ~(1U << i);
		if (worker_start(&r->worker, &s->loop, keep, run, m, on_done, &e) < 0)
			service_warn(s, m, &e);
		else
			r->member = m;
	}
}

void reclaim_begin(struct service *s, struct member *m)
{
	if (!s->policy->reclaim)
		return;
	s->heat.reclaim.wanted |= 1U << m->index;
	begin_next(s);
}

void reclaim_stop(struct service *s, const struct member *m)
{
	struct reclaim *r = &s->heat.reclaim;

	r->wanted &= ~(1U << m->index);
	if (r->member != m)
		return;
	worker_abandon(&r->worker);
	r->member = NULL;
	begin_next(s);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* observe: see observe.h. Must not change anything, and must not poll by time what can be waited
 * for. */
#include "observe.h"

#include <fcntl.h>
#include <poll.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/fd.h"
#include "cgroup/cgroup.h"
#include "cgroup/stats.h"
#include "cgroup/tree.h"
#include "json.h"
#include "statefile.h"

static int observe_open_cgroup(struct container *c, struct cgroup *cg, struct err *e)
{
	if (!c->state->cgroup)
		return err_msg(e, ENOTSUP, "container \"%s\" has no cgroup of its own",
			       c->state->id);
	return cgroup_open(cg, c->state->cgroup, e);
}

int container_procs(struct container *c, pid_t **ret, size_t *ret_n, struct err *e)
{
	struct cgroup cg = CGROUP_INIT;
	int r = observe_open_cgroup(c, &cg, e);

	if (r >= 0)
		r = cgroup_procs(&cg, &c->arena, ret, ret_n, e);
	cgroup_close(&cg);
	return r;
}

static int read_usage(struct container *c, struct arena *a, struct cgroup_stats *ret, struct err *e)
{
	struct cgroup cg = CGROUP_INIT;
	int r = observe_open_cgroup(c, &cg, e);

	if (r >= 0)
		r = cgroup_stats_read(&cg, a, ret, e);
	cgroup_close(&cg);
	return r;
}

int container_usage(struct container *c, struct cgroup_stats *ret, struct err *e)
{
	return read_usage(c, &c->arena, ret, e);
}

int container_stats(struct container *c, struct json_out *out, struct err *e)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct cgroup_stats stats;
	int r = read_usage(c, &a, &stats, e);

	if (r >= 0)
		cgroup_stats_write(out, &stats);
	return r;
}

struct watch {
	struct container *c;
	const struct container_watching *told;
	long long oom_kills; /* told of so far */
	long long next_ms; /* when the interval is over */
	bool is_over;
};

static int observe_tell(struct watch *w, enum container_event event, struct err *e)
{
	int r = w->is_over ? 0 : w->told->fn(w->c, event, w->told->arg, e);

	w->is_over |= r > 0;
	return r;
}

/* Without the memory controller there is no such file, and nothing to tell. */
static int tell_ooms(struct watch *w, struct cgroup *cg, struct err *e)
{
	long long n = cgroup_read_key(cg->fd, "memory.events", "oom_kill", NULL);
	int r = 0;

	for (; r >= 0 && w->oom_kills < n; w->oom_kills++)
		r = observe_tell(w, EVENT_OOM, e);
	return r;
}

static int tell_interval(struct watch *w, struct err *e)
{
	if (clock_now_ms() < w->next_ms)
		return 0;
	w->next_ms += (long long)w->told->interval_ms;
	return observe_tell(w, EVENT_INTERVAL, e);
}

/* Another one may have adopted it. FD_NONE: not yet; -ESRCH: it has ended. */
static int find_shim(const struct container *c)
{
	struct container now = CONTAINER_INIT;
	struct err ignored = ERR_INIT;

	if (container_peek(c->rt, c->state->id, &now, &ignored) < 0)
		return -ESRCH;
	int shim = now.state->supervisor_pid ? statefile_supervisor(now.state) : -ESRCH;
	container_close(&now);
	return shim;
}

enum { END, MEMORY, ALSO, WAITS };

/* A descriptor below 0 (no memory controller) is passed over. */
static int wait_for_next(struct watch *w, struct pollfd p[WAITS], struct err *e)
{
	if (poll(p, WAITS, clock_left_ms(w->next_ms)) < 0 && errno != EINTR)
		return err_set(e, errno, "wait for events");
	return 0;
}

/* The container, or the service's shim, has ended. */
static void observe_ended(struct watch *w, struct pollfd *end)
{
	if (w->told->also_fd < 0) {
		w->is_over = true;
		return;
	}
	fd_close(&end->fd);
	end->fd = find_shim(w->c);
	end->revents = 0;
	w->is_over |= end->fd == -ESRCH;
}

static int observe_look(struct watch *w, struct pollfd p[WAITS], struct cgroup *cg, struct err *e)
{
	char armed[512];

	/* Reading is what arms the next poll. */
	if (p[MEMORY].fd >= 0 && pread(p[MEMORY].fd, armed, sizeof armed, 0) < 0 && errno != ENODEV)
		return err_set(e, errno, "read memory.events");
	int r = tell_ooms(w, cg, e);
	if (r >= 0 && (p[ALSO].revents || p[END].revents) && p[ALSO].fd >= 0)
		r = observe_tell(w, EVENT_READABLE, e);
	if (p[END].revents || (p[END].fd < 0 && p[ALSO].revents))
		observe_ended(w, &p[END]);
	return r < 0 || w->is_over ? r : tell_interval(w, e);
}

static int observe_watch(struct watch *w, struct cgroup *cg, struct err *e)
{
	_cleanup_fd_ int memory = openat(cg->fd, "memory.events", O_RDONLY | O_CLOEXEC);
	/* Who serves changes; the service is there as long as its shim. */
	int shim = container_is_service(w->c) ? statefile_supervisor(w->c->state) : FD_NONE;
	int init = shim >= 0 || w->told->also_fd >= 0 ? FD_NONE : fcntl(w->c->pidfd, F_DUPFD_CLOEXEC, 0);
	struct pollfd p[WAITS] = { [END] = { .fd = shim >= 0 ? shim : init, .events = POLLIN },
				   [MEMORY] = { .fd = memory, .events = POLLPRI },
				   [ALSO] = { .fd = w->told->also_fd, .events = POLLIN } };
	long long before = cgroup_read_key(cg->fd, "memory.events", "oom_kill", NULL);
	int r = 0;

	w->oom_kills = before > 0 ? before : 0;
	w->next_ms = clock_now_ms() + (long long)w->told->interval_ms;
	while (r >= 0 && !w->is_over) {
		r = observe_look(w, p, cg, e);
		if (r >= 0 && !w->is_over)
			r = wait_for_next(w, p, e);
	}
	fd_close(&p[END].fd);
	return r < 0 ? r : 0;
}

int container_watch(struct container *c, const struct container_watching *told, struct err *e)
{
	struct watch w = { .c = c, .told = told };
	struct cgroup cg = CGROUP_INIT;
	int r = observe_open_cgroup(c, &cg, e);

	if (r >= 0)
		r = observe_watch(&w, &cg, e);
	cgroup_close(&cg);
	return r;
}

/* observe: see observe.h. Must not change anything, and must not poll by time what can be waited
 * for. */
#include "observe.h"

#include <fcntl.h>
#include <poll.h>

#include "base/clock.h"
#include "base/err.h"
#include "cgroup/cgroup.h"
#include "cgroup/stats.h"
#include "cgroup/tree.h"
#include "json.h"
#include "statefile.h"

static int open_cgroup(struct container *c, struct cgroup *cg, struct err *e)
{
	if (!c->state->cgroup)
		return err_msg(e, ENOTSUP, "container \"%s\" has no cgroup of its own",
			       c->state->id);
	return cgroup_open(cg, c->state->cgroup, e);
}

int container_procs(struct container *c, pid_t **ret, size_t *ret_n, struct err *e)
{
	struct cgroup cg = CGROUP_INIT;
	int r = open_cgroup(c, &cg, e);

	if (r >= 0)
		r = cgroup_procs(&cg, &c->arena, ret, ret_n, e);
	cgroup_close(&cg);
	return r;
}

static int read_usage(struct container *c, struct arena *a, struct cgroup_stats *ret, struct err *e)
{
	struct cgroup cg = CGROUP_INIT;
	int r = open_cgroup(c, &cg, e);

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
	uint64_t interval_ms;
	int (*fn)(struct container *c, enum container_event event, void *arg, struct err *e);
	void *arg;
	long long oom_kills; /* told of so far */
	long long next_ms; /* when the interval is over */
};

/* Without the memory controller there is no such file, and nothing to tell. */
static int tell_ooms(struct watch *w, struct cgroup *cg, struct err *e)
{
	long long n = cgroup_read_key(cg->fd, "memory.events", "oom_kill", NULL);
	int r = 0;

	for (; r >= 0 && w->oom_kills < n; w->oom_kills++)
		r = w->fn(w->c, EVENT_OOM, w->arg, e);
	return r;
}

static int tell_interval(struct watch *w, struct err *e)
{
	if (clock_now_ms() < w->next_ms)
		return 0;
	w->next_ms += (long long)w->interval_ms;
	return w->fn(w->c, EVENT_INTERVAL, w->arg, e);
}

static int wait_for_next(struct watch *w, struct pollfd *p, struct err *e)
{
	/* A descriptor below 0 (no memory controller) is passed over. */
	if (poll(p, 2, clock_left_ms(w->next_ms)) < 0 && errno != EINTR)
		return err_set(e, errno, "wait for events");
	return 0;
}

static int watch(struct watch *w, struct cgroup *cg, struct err *e)
{
	_cleanup_fd_ int memory = openat(cg->fd, "memory.events", O_RDONLY | O_CLOEXEC);
	/* Who serves changes; the service is there as long as its shim. */
	_cleanup_fd_ int shim = container_is_service(w->c) ? statefile_supervisor(w->c->state) : FD_NONE;
	struct pollfd p[] = { { .fd = shim >= 0 ? shim : w->c->pidfd, .events = POLLIN },
			      { .fd = memory, .events = POLLPRI } };
	long long before = cgroup_read_key(cg->fd, "memory.events", "oom_kill", NULL);
	char armed[512];
	int r = 0;

	w->oom_kills = before > 0 ? before : 0;
	w->next_ms = clock_now_ms() + (long long)w->interval_ms;
	while (r >= 0) {
		/* Reading is what arms the next poll. */
		if (memory >= 0 && pread(memory, armed, sizeof armed, 0) < 0 && errno != ENODEV)
			return err_set(e, errno, "read memory.events");
		bool stopped = p[0].revents;
		r = tell_ooms(w, cg, e);
		if (stopped || r < 0)
			return r;
		r = tell_interval(w, e);
		if (r >= 0)
			r = wait_for_next(w, p, e);
	}
	return r;
}

int container_watch(struct container *c, uint64_t interval_ms,
		    int (*fn)(struct container *c, enum container_event event, void *arg,
			      struct err *e),
		    void *arg, struct err *e)
{
	struct watch w = { .c = c, .interval_ms = interval_ms, .fn = fn, .arg = arg };
	struct cgroup cg = CGROUP_INIT;
	int r = open_cgroup(c, &cg, e);

	if (r >= 0)
		r = watch(&w, &cg, e);
	cgroup_close(&cg);
	return r;
}

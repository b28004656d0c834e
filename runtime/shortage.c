/* SPDX-License-Identifier: Apache-2.0 */
/* shortage: see shortage.h. What the kernel counts is in memory.events and memory.stat of the cgroup. */
#include "shortage.h"

#include <poll.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "base/log.h"
#include "cgroup/cgroup.h"
#include "cgroup/tree.h"
#include "container.h"

#define LOOK_EVERY_MS 100
#define GIVE_UP_MS 5000
#define HITS_A_LOOK 10 /* of the limit: a container with room has none */
#define CALM_LOOKS 5
#define FAULTS_A_SECOND 50 /* pages that had to be read from the disk: a program that works has none */

bool shortage_is_possible(const struct oci_config *c)
{
	const struct oci_resources *r = c->linux_->resources;

	return r && r->memory && r->memory->limit.set && r->memory->limit.v > 0 &&
	       r->memory->limit.v < SHORTAGE_BYTES;
}

static long long shortage_count(const struct cgroup *cg, const char *file, const char *key)
{
	long long n = cgroup_read_key(cg->fd, file, key, NULL);

	return n > 0 ? n : 0;
}

/* In bytes; 0 when there is none of its own, as with a service's members. */
static long long limit_of(const struct cgroup *cg)
{
	char text[32];

	return io_read_small(cg->fd, "memory.max", text, sizeof text, NULL) < 0 ? 0 : strtoll(text, NULL, 10);
}

static bool shortage_open_cgroup(const struct container *c, struct cgroup *ret)
{
	struct err ignored;

	*ret = CGROUP_INIT;
	return c->state && c->state->cgroup && cgroup_open(ret, c->state->cgroup, &ignored) >= 0;
}

static void say_limit(const struct cgroup *cg, struct err *e)
{
	long long limit = limit_of(cg);
	struct err first = *e;

	if (limit)
		err_msg(e, first.code, "%s: the memory limit of %lld KiB is too small for it to start", first.text,
			limit >> 10);
	else
		err_msg(e, first.code, "%s: the kernel has killed it for lack of memory", first.text);
}

void shortage_explain(const struct container *c, struct err *e)
{
	struct cgroup cg;

	if (shortage_open_cgroup(c, &cg) && (shortage_count(&cg, "memory.events", "oom_kill") ||
				    (e->code == ENOMEM && shortage_count(&cg, "memory.events", "max"))))
		say_limit(&cg, e);
	cgroup_close(&cg);
}

void shortage_warn(const struct container *c)
{
	struct cgroup cg;

	if (shortage_open_cgroup(c, &cg) && shortage_count(&cg, "memory.events", "oom_kill"))
		log_warn("the kernel has killed processes of container \"%s\" for lack of memory (limit: %lld KiB)",
			 c->state->id, limit_of(&cg) >> 10);
	cgroup_close(&cg);
}

/* True when it has ended meanwhile. */
static bool pause_or_end(int pidfd)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };

	return poll(&p, 1, LOOK_EVERY_MS) > 0;
}

/* False as soon as it has not run into the limit for a while. */
static bool is_starved(const struct container *c, const struct cgroup *cg)
{
	long long begin_ms = clock_now_ms(), faults = shortage_count(cg, "memory.stat", "pgmajfault");
	long long hits = shortage_count(cg, "memory.events", "max");

	for (int calm = 0; clock_now_ms() < begin_ms + GIVE_UP_MS;) {
		long long before = hits;
		if (pause_or_end(c->pidfd))
			return false;
		hits = shortage_count(cg, "memory.events", "max");
		calm = hits < before + HITS_A_LOOK ? calm + 1 : 0;
		if (calm == CALM_LOOKS)
			return false;
	}
	return shortage_count(cg, "memory.stat", "pgmajfault") - faults >= FAULTS_A_SECOND * GIVE_UP_MS / 1000;
}

int shortage_watch(const struct container *c, struct err *e)
{
	struct cgroup cg;
	int r = 0;

	if (!c->state->has_small_memory)
		return 0;
	if (shortage_open_cgroup(c, &cg) && is_starved(c, &cg))
		r = err_msg(e, ENOMEM, "the program does nothing but read its own pages again");
	cgroup_close(&cg);
	return r;
}

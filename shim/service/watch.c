/* SPDX-License-Identifier: Apache-2.0 */
/* watch: see watch.h. */
#include "service/watch.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/err.h"
#include "service/member.h"

void watch_init(struct watch *w)
{
	w->oom = OOM_INIT;
	probe_init(&w->probe);
}

/* -- watchdog -------------------------------------------------------------------------------- */

static void on_watch_watchdog(struct timer *t)
{
	struct watch *w = LOOP_OWNER(t, struct watch, watchdog);

	w->owner->ill(w, CAUSE_WATCHDOG, "no WATCHDOG=1 in time");
}

void watch_feed(struct watch *w)
{
	if (w->watchdog_ns)
		loop_timer(w->loop, &w->watchdog, w->watchdog_ns, on_watch_watchdog);
}

void watch_set_watchdog(struct watch *w, long long usec)
{
	w->watchdog_ns = usec * NS_PER_US;
}

/* -- probe, OOM, stalls ---------------------------------------------------------------------- */

static void on_probe(struct probe *p, bool ok)
{
	struct watch *w = LOOP_OWNER(p, struct watch, probe);

	if (!w->member)
		return;
	if (ok)
		w->owner->well(w);
	else if (w->owner->is_ready(w))
		w->owner->ill(w, CAUSE_PROBE, p->why);
}

/* Another member runs beside it, in the same network, or may do so. */
static bool is_shared(const struct probe *p)
{
	const struct watch *w = LOOP_OWNER(p, struct watch, probe);
	const struct member *m = w->member;

	if (!m || (m->private_namespaces & 1U << OCI_NS_NETWORK && p->policy->kind != PROBE_UNIX))
		return false;
	return w->owner->has_neighbour(w);
}

static void on_oom(struct oom *o, uint64_t kills)
{
	struct watch *w = LOOP_OWNER(o, struct watch, oom);
	struct err why = ERR_INIT;

	err_msg(&why, ENOMEM, "the kernel has killed %llu of its processes for lack of memory",
		(unsigned long long)kills);
	if (w->member)
		w->owner->warn_caused(w, &why);
}

static void on_stall(struct stall *st)
{
	struct watch *w = st->arg;
	char why[80];

	snprintf(why, sizeof why, "stalled for lack of %s", st->policy->resource);
	if (w->member)
		w->owner->ill(w, CAUSE_STALL, why);
}

static void watch_cgroup(struct watch *w)
{
	int cgroup_fd = w->member->cgroup_fd;
	struct err e = ERR_INIT;

	if (oom_open(&w->oom, w->loop, cgroup_fd, on_oom, &e) < 0 && e.code != ENOENT)
		w->owner->warn(w, &e);
	for (w->n_stalls = 0; w->n_stalls < w->policy->n_stalls; w->n_stalls++) {
		struct stall *st = &w->stalls[w->n_stalls];
		st->arg = w;
		if (stall_open(st, w->loop, cgroup_fd, &w->policy->stalls[w->n_stalls], on_stall, &e) < 0)
			w->owner->warn(w, &e);
	}
}

static void watch_ask(struct watch *w)
{
	struct probe_target target = w->owner->target(w);

	w->probe.is_shared = is_shared;
	if (w->policy->probe.kind != PROBE_NONE)
		probe_start(&w->probe, w->loop, &w->policy->probe, &target, on_probe);
}

/* -- whom ------------------------------------------------------------------------------------ */

void watch_end(struct watch *w)
{
	w->member = NULL;
	watch_stand_still(w);
	oom_close(&w->oom);
	while (w->n_stalls)
		stall_close(&w->stalls[--w->n_stalls]);
}

void watch_begin(struct watch *w, struct member *m)
{
	watch_end(w);
	w->member = m;
	w->watchdog_ns = m->watchdog_usec >= 0 ? m->watchdog_usec * NS_PER_US : w->policy->watchdog_ms * NS_PER_MS;
	watch_cgroup(w);
	watch_ask(w);
}

void watch_stand_still(struct watch *w)
{
	probe_stop(&w->probe);
	loop_timer_stop(w->loop, &w->watchdog);
}

void watch_go_on(struct watch *w)
{
	if (w->member)
		watch_ask(w);
}

bool watch_saw_oom(struct watch *w, const struct member *m)
{
	return w->member == m && oom_kills(&w->oom) > 0;
}

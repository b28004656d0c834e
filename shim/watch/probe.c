/* SPDX-License-Identifier: Apache-2.0 */
/* probe: see probe.h. The timing and the count; probe_ask.c knows how each kind asks. */
#include "watch/probe.h"

#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/fd.h"
#include "watch/probe_ask.h"

void probe_init(struct probe *p)
{
	*p = (struct probe){ .source = SOURCE_INIT, .fd = FD_NONE, .keeper_fd = FD_NONE, .child_pidfd = FD_NONE,
				.stuck_pidfd = FD_NONE };
}

static void probe_ask(struct timer *t);

static void probe_end(struct probe *p, const char *why)
{
	loop_timer_stop(p->loop, &p->timeout);
	loop_del(p->loop, &p->source);
	probe_ask_stop(p);
	histogram_add(&p->times, (loop_now_ns() - p->asked_ns) / 1000);
	if (!why) {
		p->failures = 0;
		p->has_succeeded = true;
		p->n_ok++;
	} else {
		p->n_failed++;
		snprintf(p->why, sizeof p->why, "%s: %s", p->policy->text, why);
		/* While it starts it may fail. */
		if (p->has_succeeded || loop_now_ns() >= p->counts_from_ns)
			p->failures++;
	}
	loop_timer(p->loop, &p->next, p->policy->interval_ms * NS_PER_MS, probe_ask);
	if (!why) {
		p->result(p, true);
	} else if (p->failures >= p->policy->retries) {
		p->failures = 0;
		p->result(p, false);
	}
}

/* As if nobody had been asked. */
static void ask_again(struct probe *p)
{
	loop_timer_stop(p->loop, &p->timeout);
	loop_del(p->loop, &p->source);
	probe_ask_stop(p);
	loop_timer(p->loop, &p->next, p->policy->interval_ms * NS_PER_MS, probe_ask);
}

static void on_timeout(struct timer *t)
{
	struct probe *p = LOOP_OWNER(t, struct probe, timeout);

	if (p->asks_keeper)
		ask_again(p); /* that is not the member's fault */
	else
		probe_end(p, "no answer in time");
}

static void on_progress(struct source *s, uint32_t events)
{
	struct probe *p = LOOP_OWNER(s, struct probe, source);
	char why[PROBE_WHY_MAX];
	int r = probe_ask_go_on(p, events, why, sizeof why);

	if (r == PROBE_OK && p->foreign)
		ask_again(p);
	else if (r != PROBE_GOES_ON)
		probe_end(p, r == PROBE_OK ? NULL : why);
}

static void probe_ask(struct timer *t)
{
	struct probe *p = LOOP_OWNER(t, struct probe, next);
	struct err e = ERR_INIT;
	uint32_t events;
	p->asked_ns = loop_now_ns();
	int fd = probe_ask_start(p, &events, &e);
	int r = fd < 0 ? fd : loop_add(p->loop, &p->source, fd, events, on_progress, &e);

	if (r < 0)
		probe_end(p, e.text);
	else
		loop_timer(p->loop, &p->timeout, p->policy->timeout_ms * NS_PER_MS, on_timeout);
}

void probe_start(struct probe *p, struct loop *l, const struct probe_policy *policy,
		 const struct probe_target *target, void (*result)(struct probe *p, bool ok))
{
	p->loop = l;
	p->policy = policy;
	p->target = *target;
	p->result = result;
	p->failures = 0;
	p->foreign = p->has_succeeded = false;
	p->counts_from_ns = loop_now_ns() + policy->start_period_ms * NS_PER_MS;
	loop_timer(l, &p->next, 0, probe_ask);
}

void probe_stop(struct probe *p)
{
	if (!p->loop)
		return;
	loop_timer_stop(p->loop, &p->next);
	loop_timer_stop(p->loop, &p->timeout);
	loop_del(p->loop, &p->source);
	probe_ask_stop(p);
	p->loop = NULL;
}

bool probe_owns(const struct probe *p, pid_t pid)
{
	return pid && p->child == pid;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* stall: see stall.h. */
#include "watch/stall.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"

static void on_trigger(struct source *src, uint32_t events)
{
	struct stall *s = LOOP_OWNER(src, struct stall, source);

	if (events & EPOLLERR) { /* the cgroup is gone */
		stall_close(s);
		return;
	}
	s->stalled(s);
}

int stall_open(struct stall *s, struct loop *l, int cgroup_fd, const struct stall_policy *policy,
	       void (*stalled)(struct stall *s), struct err *e)
{
	char file[24], trigger[64];
	int n = snprintf(trigger, sizeof trigger, "%s %u %u", policy->full ? "full" : "some",
			 policy->stall_us, policy->window_us);

	snprintf(file, sizeof file, "%s.pressure", policy->resource);
	s->source = SOURCE_INIT;
	s->loop = l;
	s->policy = policy;
	s->stalled = stalled;
	s->fd = openat(cgroup_fd, file, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (s->fd < 0) {
		s->fd = FD_NONE;
		return err_set(e, errno, "--stall: open %s", file);
	}
	int r = 0;
	if (write(s->fd, trigger, (size_t)n + 1) < 0)
		r = err_set(e, errno, "--stall: write \"%s\" to %s", trigger, file);
	if (r >= 0)
		r = loop_add(l, &s->source, s->fd, EPOLLPRI, on_trigger, e);
	if (r < 0)
		fd_close(&s->fd);
	return r;
}

void stall_close(struct stall *s)
{
	if (s->fd < 0)
		return;
	loop_del(s->loop, &s->source);
	fd_close(&s->fd);
}

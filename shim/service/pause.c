/* SPDX-License-Identifier: Apache-2.0 */
/* pause: see pause.h. */
#include "service/pause.h"

#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/err.h"
#include "cgroup/cgroup.h"
#include "service/member.h"

#define LOOK_NS 100000000LL

static bool says(int fd, const char *text)
{
	char now[128];
	ssize_t n = fd < 0 ? 0 : pread(fd, now, sizeof now - 1, 0);

	if (n <= 0)
		return false;
	now[n] = '\0';
	return strstr(now, text) != NULL;
}

static void hold_timers(struct pause *p)
{
	long long now_ns = loop_now_ns();

	for (int i = 0; i < MACHINE_MEMBERS_MAX; i++)
		for (int t = 0; t < TIMERS; t++) {
			struct timer *timer = &p->members[i].timers[t].timer;
			p->left_ns[i][t] = !timer->armed	 ? -1 :
					   timer->at_ns > now_ns ? timer->at_ns - now_ns :
								   0;
			loop_timer_stop(p->loop, timer);
		}
}

static void go_on_with_timers(struct pause *p)
{
	for (int i = 0; i < MACHINE_MEMBERS_MAX; i++)
		for (int t = 0; t < TIMERS; t++) {
			struct timer *timer = &p->members[i].timers[t].timer;
			if (p->left_ns[i][t] >= 0 && !timer->armed)
				loop_timer(p->loop, timer, p->left_ns[i][t], timer->due);
		}
}

static void goes_on(struct pause *p)
{
	p->on = false;
	loop_timer_stop(p->loop, &p->look);
	go_on_with_timers(p);
	p->owner->changed(p);
}

static void pause_look(struct pause *p);

static void on_pause_look(struct timer *t)
{
	pause_look(LOOP_OWNER(t, struct pause, look));
}

static void pause_begin(struct pause *p)
{
	p->on = true;
	hold_timers(p);
	p->owner->changed(p);
	loop_timer(p->loop, &p->look, LOOK_NS, on_pause_look);
}

static void pause_look(struct pause *p)
{
	bool frozen = says(p->freeze_fd, "1") || says(p->events_fd, "frozen 1");

	if (frozen && !p->on)
		pause_begin(p);
	else if (!frozen && p->on)
		goes_on(p);
	else if (frozen)
		loop_timer(p->loop, &p->look, LOOK_NS, on_pause_look);
}

static void on_pause_change(struct source *src, uint32_t events)
{
	(void)events;
	pause_look(LOOP_OWNER(src, struct pause, changes));
}

bool pause_is_on(struct pause *p)
{
	if (!p->on && says(p->freeze_fd, "1"))
		pause_begin(p);
	return p->on;
}

void pause_end(struct pause *p)
{
	struct err e = ERR_INIT;

	if (!pause_is_on(p))
		return;
	if (pwrite(p->freeze_fd, "0", 1, 0) != 1) {
		err_set(&e, errno, "thaw the service's cgroup");
		p->owner->warn(p, &e);
	}
	goes_on(p);
}

int pause_watch(struct pause *p, struct loop *l, struct member *members, const char *cgroup, struct err *e)
{
	struct cgroup cg = CGROUP_INIT;
	int r = cgroup_open(&cg, cgroup, e);

	p->loop = l;
	p->members = members;
	if (r < 0)
		return r;
	p->freeze_fd = openat(cg.fd, "cgroup.freeze", O_RDWR | O_CLOEXEC);
	p->events_fd = openat(cg.fd, "cgroup.events", O_RDONLY | O_CLOEXEC);
	if (p->freeze_fd < 0 || p->events_fd < 0)
		r = err_set(e, errno, "watch the freezer of %s", cg.path);
	cgroup_close(&cg);
	if (r >= 0)
		r = loop_add(p->loop, &p->changes, p->events_fd, EPOLLPRI, on_pause_change, e);
	if (r >= 0)
		pause_look(p);
	return r;
}

void pause_close(struct pause *p)
{
	if (p->loop)
		loop_del(p->loop, &p->changes);
	fd_close(&p->freeze_fd);
	fd_close(&p->events_fd);
}

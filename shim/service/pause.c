/* service/pause: see pause.h. */
#include "service/pause.h"

#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/err.h"
#include "cgroup/cgroup.h"
#include "service/parts.h"

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

static void hold_timers(struct service *s)
{
	long long now_ns = loop_now_ns();

	for (int i = 0; i < MACHINE_MEMBERS_MAX; i++)
		for (int t = 0; t < TIMERS; t++) {
			struct timer *timer = &s->members[i].timers[t].timer;
			s->pause.left_ns[i][t] = !timer->armed		  ? -1 :
						 timer->at_ns > now_ns ? timer->at_ns - now_ns :
									 0;
			loop_timer_stop(&s->loop, timer);
		}
}

static void go_on_with_timers(struct service *s)
{
	for (int i = 0; i < MACHINE_MEMBERS_MAX; i++)
		for (int t = 0; t < TIMERS; t++) {
			struct timer *timer = &s->members[i].timers[t].timer;
			if (s->pause.left_ns[i][t] >= 0 && !timer->armed)
				loop_timer(&s->loop, timer, s->pause.left_ns[i][t], timer->due);
		}
}

static void goes_on(struct service *s)
{
	s->pause.on = false;
	loop_timer_stop(&s->loop, &s->pause.look);
	go_on_with_timers(s);
	s->pause.changed(s);
}

static void pause_look(struct service *s);

static void on_pause_look(struct timer *t)
{
	pause_look(LOOP_OWNER(t, struct service, pause.look));
}

static void pause_begin(struct service *s)
{
	s->pause.on = true;
	hold_timers(s);
	s->pause.changed(s);
	loop_timer(&s->loop, &s->pause.look, LOOK_NS, on_pause_look);
}

static void pause_look(struct service *s)
{
	bool frozen = says(s->pause.freeze_fd, "1") || says(s->pause.events_fd, "frozen 1");

	if (frozen && !s->pause.on)
		pause_begin(s);
	else if (!frozen && s->pause.on)
		goes_on(s);
	else if (frozen)
		loop_timer(&s->loop, &s->pause.look, LOOK_NS, on_pause_look);
}

static void on_pause_change(struct source *src, uint32_t events)
{
	(void)events;
	pause_look(LOOP_OWNER(src, struct service, pause.changes));
}

bool pause_is_on(struct service *s)
{
	if (!s->pause.on && says(s->pause.freeze_fd, "1"))
		pause_begin(s);
	return s->pause.on;
}

void pause_end(struct service *s)
{
	struct err e = ERR_INIT;

	if (!pause_is_on(s))
		return;
	if (pwrite(s->pause.freeze_fd, "0", 1, 0) != 1) {
		err_set(&e, errno, "thaw the service's cgroup");
		service_warn(s, NULL, &e);
	}
	goes_on(s);
}

int pause_watch(struct service *s, struct err *e)
{
	struct cgroup cg = CGROUP_INIT;
	int r = cgroup_open(&cg, s->container.state->cgroup, e);

	if (r < 0)
		return r;
	s->pause.freeze_fd = openat(cg.fd, "cgroup.freeze", O_RDWR | O_CLOEXEC);
	s->pause.events_fd = openat(cg.fd, "cgroup.events", O_RDONLY | O_CLOEXEC);
	if (s->pause.freeze_fd < 0 || s->pause.events_fd < 0)
		r = err_set(e, errno, "watch the freezer of %s", cg.path);
	cgroup_close(&cg);
	if (r >= 0)
		r = loop_add(&s->loop, &s->pause.changes, s->pause.events_fd, EPOLLPRI, on_pause_change, e);
	if (r >= 0)
		pause_look(s);
	return r;
}

void pause_close(struct service *s)
{
	loop_del(&s->loop, &s->pause.changes);
	fd_close(&s->pause.freeze_fd);
	fd_close(&s->pause.events_fd);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* loop: see loop.h. */
#include "loop/loop.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/fd.h"

long long loop_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * NS_PER_S + t.tv_nsec;
}

/* The timerfd follows the first timer; what is armed and stopped in one round costs nothing. Should it fail, the
 * next round tries again. */
static void set_timerfd(struct loop *l)
{
	if (!l->timers_changed)
		return;
	long long at = l->timers ? l->timers->at_ns : 0;
	struct itimerspec when = { .it_value = { at / NS_PER_S, at % NS_PER_S } };

	l->timers_changed = timerfd_settime(l->timer_source.fd, TFD_TIMER_ABSTIME, &when, NULL) < 0;
}

static void on_timerfd(struct source *s, uint32_t events)
{
	struct loop *l = LOOP_OWNER(s, struct loop, timer_source);
	long long now = loop_now_ns();
	uint64_t expirations;

	(void)events;
	if (read(s->fd, &expirations, sizeof expirations) < 0)
		return; /* moved since: it will fire again */
	while (l->timers && l->timers->at_ns <= now) {
		struct timer *t = l->timers;
		l->timers = t->next;
		t->armed = false;
		t->due(t);
	}
	l->timers_changed = true;
}

int loop_init(struct loop *l, struct err *e)
{
	*l = (struct loop){ .epoll_fd = FD_NONE, .timer_source = SOURCE_INIT };
	l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (l->epoll_fd < 0)
		return err_set(e, errno, "make an epoll descriptor");
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	int r = fd < 0 ? err_set(e, errno, "make a timerfd")
		       : loop_add(l, &l->timer_source, fd, EPOLLIN, on_timerfd, e);
	if (r >= 0)
		return 0;
	fd_close(&fd);
	fd_close(&l->epoll_fd);
	return r;
}

void loop_finish(struct loop *l)
{
	fd_close(&l->timer_source.fd);
	fd_close(&l->epoll_fd);
}

int loop_add(struct loop *l, struct source *s, int fd, uint32_t events,
	     void (*ready)(struct source *s, uint32_t events), struct err *e)
{
	struct epoll_event ev = { .events = events, .data.ptr = s };

	if (epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, fd, &ev) < 0)
		return err_set(e, errno, "watch descriptor %d", fd);
	*s = (struct source){ fd, ready };
	return 0;
}

int loop_change(struct loop *l, struct source *s, uint32_t events, struct err *e)
{
	struct epoll_event ev = { .events = events, .data.ptr = s };

	if (epoll_ctl(l->epoll_fd, EPOLL_CTL_MOD, s->fd, &ev) < 0)
		return err_set(e, errno, "watch descriptor %d", s->fd);
	return 0;
}

void loop_del(struct loop *l, struct source *s)
{
	if (s->fd < 0)
		return;
	epoll_ctl(l->epoll_fd, EPOLL_CTL_DEL, s->fd, NULL);
	s->fd = FD_NONE;
	for (int i = l->round_at; i < l->round_n; i++)
		if (l->round[i] == s)
			l->round[i] = NULL;
}

void loop_timer_stop(struct loop *l, struct timer *t)
{
	struct timer **at = &l->timers;

	if (!t->armed)
		return;
	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	t->armed = false;
	l->timers_changed |= at == &l->timers;
}

void loop_timer(struct loop *l, struct timer *t, long long after_ns, void (*due)(struct timer *t))
{
	struct timer **at = &l->timers;

	loop_timer_stop(l, t);
	t->at_ns = loop_now_ns() + after_ns;
	t->due = due;
	t->armed = true;
	while (*at && (*at)->at_ns <= t->at_ns)
		at = &(*at)->next;
	t->next = *at;
	*at = t;
	l->timers_changed |= l->timers == t;
}

int loop_run(struct loop *l, struct err *e)
{
	struct epoll_event events[LOOP_ROUND_MAX];

	while (!l->over) {
		set_timerfd(l);
		int n = epoll_wait(l->epoll_fd, events, LOOP_ROUND_MAX, -1);
		if (n < 0 && errno != EINTR)
			return err_set(e, errno, "wait for events");
		for (int i = 0; i < n; i++)
			l->round[i] = events[i].data.ptr;
		l->round_n = n;
		for (l->round_at = 0; l->round_at < l->round_n && !l->over; l->round_at++)
			if (l->round[l->round_at])
				l->round[l->round_at]->ready(l->round[l->round_at],
							     events[l->round_at].events);
		l->round_n = 0;
	}
	return 0;
}

void loop_stop(struct loop *l)
{
	l->over = true;
}

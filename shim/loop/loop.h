/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loop: the shim's one event loop: epoll(7) over descriptors, one timerfd for all timers
 * (CLOCK_MONOTONIC). Sources and timers live inside their owners; nothing is allocated.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

struct source {
	int fd; /* the owner's; FD_NONE when not in the loop */
	void (*ready)(struct source *s, uint32_t events); /* EPOLL* */
};

struct timer {
	long long at_ns;
	void (*due)(struct timer *t);
	struct timer *next;
	bool armed;
};

#define LOOP_ROUND_MAX 32

struct loop {
	int epoll_fd;
	struct source timer_source;
	struct timer *timers; /* by time */
	bool timers_changed; /* the timerfd is to be set before the next wait */
	struct source *round[LOOP_ROUND_MAX]; /* whose events are being handled */
	int round_n, round_at;
	bool over;
};

#define SOURCE_INIT ((struct source){ .fd = -EBADF })
#define LOOP_OWNER(ptr, type, member) ((type *)((char *)(ptr) - offsetof(type, member)))

int loop_init(struct loop *l, struct err *e);
void loop_finish(struct loop *l);

/* Watches `fd` (EPOLLIN, EPOLLPRI …); s->fd is set to it. The source must stay where it is. */
int loop_add(struct loop *l, struct source *s, int fd, uint32_t events,
	     void (*ready)(struct source *s, uint32_t events), struct err *e);

/* Other events for a source that is watched; 0 for a pause. */
int loop_change(struct loop *l, struct source *s, uint32_t events, struct err *e);

/* Stops watching; the descriptor stays the owner's. Events of this round still queued for the source are
 * dropped. Fine for one that is not watched. */
void loop_del(struct loop *l, struct source *s);

/* Calls `due` once, `after_ns` from now (0: in the next round). An armed timer is moved. */
void loop_timer(struct loop *l, struct timer *t, long long after_ns,
		void (*due)(struct timer *t));
void loop_timer_stop(struct loop *l, struct timer *t);

/* Until loop_stop(). */
int loop_run(struct loop *l, struct err *e);
void loop_stop(struct loop *l);

/* Nanoseconds of CLOCK_MONOTONIC. */
long long loop_now_ns(void);

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notify: the receiving end of sd_notify(3). Each start of a member has a socket of its own, in a folder
 * that is bind-mounted into that member alone, so that a late message of a fenced member cannot be taken
 * for one of its successor. Sender, size and number of descriptors are bounded and checked.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "loop/loop.h"
#include "watch/customs.h"

struct err;

#define NOTIFY_SOCKET_NAME "notify"
#define NOTIFY_FDS_MAX CUSTOMS_FDS_MAX
#define NOTIFY_STATUS_MAX 256

struct notify_message {
	bool ready, stopping, watchdog, watchdog_trigger, fdstore, fdstore_remove, fdpoll_off, barrier;
	long long watchdog_usec; /* -1: not said */
	long long extend_timeout_usec; /* -1: not said */
	int errnum; /* -1: not said */
	const char *status; /* NULL: not said; printable, cut at NOTIFY_STATUS_MAX */
	const char *fdname; /* NULL: not said; checked as sd_notify(3) asks */
	int fds[NOTIFY_FDS_MAX]; /* the handler takes those it wants (sets FD_NONE); the rest is closed */
	bool hung; /* nothing else is said: looking at the descriptors of one took too long */
	unsigned n_fds, n_refused; /* refused: holding one of their kind may block */
	pid_t pid; /* sender, in our PID namespace; 0: not known */
};

struct notify {
	struct source source;
	struct loop *loop;
	int fd; /* the socket */
	struct customs customs; /* takes what brings descriptors */
	unsigned given_up; /* messages that could not be taken in time */
	long long window_ns; /* when the messages with descriptors were counted from */
	unsigned in_window;
	struct timer pause;
	void (*handle)(struct notify *n, struct notify_message *m);
};

#define NOTIFY_INIT ((struct notify){ .source = SOURCE_INIT, .fd = -EBADF, .customs = CUSTOMS_INIT(NULL, NULL) })

/* Pure: parses a datagram in place; text[len] is written to. -EINVAL for one that is not a notification
 * (NUL inside, no KEY=VALUE line). Unknown keys are ignored. Strings point into `text`. */
int notify_parse(char *text, size_t len, struct notify_message *ret);

/* Binds dir_fd/notify (SO_PASSCRED, mode 0666: the folder protects it; members may be any user) and
 * watches it. At most a bounded number of datagrams is taken a round, so that a flood starves nobody. */
int notify_open(struct notify *n, struct loop *l, int dir_fd,
		void (*handle)(struct notify *n, struct notify_message *m), struct err *e);
/* Closes the socket; its file stays. Fine when it is not open. */
void notify_close(struct notify *n);

/* Takes what a member has sent that has ended. False: descriptors are still looked at, so call again soon. */
bool notify_drain(struct notify *n);

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fdset: the named descriptors that the active member is given by the systemd protocol
 * (sd_listen_fds(3), sd_pid_notify_with_fds(3)): listening sockets first, then the fd store.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define FDSET_MAX 250 /* SCM_RIGHTS carries 253 */
#define FDSET_NAME_MAX 255

struct fdset_entry {
	int fd; /* owned */
	char *name; /* owned; no ":" and no control characters */
	bool stored; /* by FDSTORE=1, not a listener */
	bool poll; /* FDPOLL: taken out when it hangs up */
	int given; /* its number in the member that was started last: given.h; 0: it has come since */
};

struct fdset {
	struct fdset_entry v[FDSET_MAX];
	unsigned n;
	int hangup_fd; /* readable when an entry with `poll` has hung up; FD_NONE before the first of those */
};

/* An empty one. */
void fdset_init(struct fdset *s);

/* Closes all, aside (loop/aside.h): what a member has parked may wait. */
void fdset_clear(struct fdset *s);

/* Adds an fd (taken over, also on failure: then it is closed); -E2BIG above `max` stored ones or FDSET_MAX in all,
 * -EINVAL for a bad name (sd_notify(3) FDNAME=; NULL: "stored"). The same file (fstat and kcmp) stored
 * twice under a name is kept once, as systemd does. */
int fdset_add(struct fdset *s, int fd, const char *name, bool stored, bool poll, unsigned max);

/* Closes those with `poll` that have hung up, or have an error; how many there were. */
unsigned fdset_drop_hung_up(struct fdset *s);

/* Closes all stored ones of that name; how many there were. */
unsigned fdset_remove(struct fdset *s, const char *name);

/* "web:admin:stored", of the first `n`, into `text`; -E2BIG when it does not fit. */
int fdset_names(const struct fdset *s, unsigned n, char *text, size_t size);

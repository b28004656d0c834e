/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fd: owned descriptors. -EBADF is "none". `_cleanup_fd_ int fd = -EBADF;` closes at scope end;
 * fd_take() hands the descriptor on. Everything that opens uses O_CLOEXEC.
 */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <unistd.h>

#define FD_NONE (-EBADF)
#define LISTEN_FDS_START 3 /* the first descriptor that is passed on, see sd_listen_fds(3) */

/* Closes *fd if it is one and sets it to FD_NONE; keeps errno. */
static inline void fd_close(int *fd)
{
	if (*fd >= 0) {
		int saved = errno;
		close(*fd);
		errno = saved;
	}
	*fd = FD_NONE;
}

/* Moves ownership out of *fd. */
static inline int fd_take(int *fd)
{
	int taken = *fd;

	*fd = FD_NONE;
	return taken;
}

#define _cleanup_(fn) __attribute__((cleanup(fn)))
#define _cleanup_fd_ _cleanup_(fd_close)

struct err;

/* Both are open, and of one file. */
bool fd_is_same_file(int a, int b);

/* Closes those from `first` to `last`, also where close_range(2) is refused. -1 with errno: some may be open. */
int fd_close_range(unsigned first, unsigned last);

/*
 * Closes every descriptor >= `first` but those in `keep`, in which FD_NONE and the like are passed over
 * (fd_close_range). An error means that some may still be open.
 */
int fd_close_from(unsigned first, const int *keep, size_t n, struct err *e);

/* The same from 3 on, for a process that only wants to hold no more than it needs. */
void fd_close_others(const int *keep, size_t n);

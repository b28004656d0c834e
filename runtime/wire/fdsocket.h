/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fdsocket: the AF_UNIX stream sockets on which a caller waits for a descriptor: --console-socket,
 * --pidfd-socket, linux.seccomp.listenerPath. unix(7), SCM_RIGHTS.
 * `what` is what messages call the socket.
 */
#pragma once

#include <stddef.h>

struct err;

/* Returns an fd that the caller owns. A path may be longer than sun_path. */
int fdsocket_connect(const char *path, const char *what, struct err *e);

/* The descriptor of the next message, the caller's; `flags` as for recvmsg(2). -EPIPE: the other end is closed; -EPROTO:
 * there is none in the message; else -errno. */
int fdsocket_receive(int socket_fd, int flags);

/* Sends `fd` with `len` bytes of text, which must not be none. `fd` stays the caller's. */
int fdsocket_send(int socket_fd, int fd, const char *text, size_t len, const char *what,
		  struct err *e);

/* Both of the first two. */
int fdsocket_give(const char *path, int fd, const char *text, size_t len, const char *what,
		  struct err *e);

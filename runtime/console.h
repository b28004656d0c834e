/* SPDX-License-Identifier: Apache-2.0 */
/*
 * console: a container's terminal: made from the container's own devpts, sent to the process that holds its
 * other end (config.md "process.terminal"; runc's console socket protocol).
 * Nothing is opened by a path that content could have redirected and then trusted: what was opened
 * is checked by descriptor, the slave comes from the master (TIOCGPTPEER), and /dev/console is a
 * mount of that slave (CVE-2025-52565).
 */
#pragma once

#include <stdbool.h>

struct oci_process;
struct err;

/*
 * Runtime side: *ret_fd is what the task sends the master to: the console socket by path or (not NULL) a
 * copy of *socket_fd, or (foreground) one end of a socket pair whose other end is *ret_peer. One of the first
 * two is needed to detach.
 */
int console_channel(const char *socket_path, const int *socket_fd, bool detach, int *ret_fd, int *ret_peer,
		    struct err *e);

/* Whether what the relay at the other end of `peer` writes to is no terminal, which would turn "\n" into "\r\n". */
bool console_is_plain(int peer);

/* Receives the pty master on a foreground pair. */
int console_receive(int fd, struct err *e);

/*
 * Task side: makes the pty below `root_fd`, sends the master to `send_fd`, binds the slave on
 * /dev/console (`bind`: init alone), makes it stdin, stdout and stderr. `plain`: newlines stay as they are written.
 */
int console_setup(int root_fd, const struct oci_process *p, int send_fd, bool plain, bool bind, struct err *e);

/* Afterwards, in the process that leads the session: makes stdin its controlling terminal. */
int console_control(struct err *e);

/* SPDX-License-Identifier: Apache-2.0 */
/* pidfile: --pid-file and --pidfd-socket of create, run and exec. */
#pragma once

#include <sys/types.h>

struct err;

/* Writes the decimal pid, without a newline, atomically: ".NAME.new" beside it and a rename. */
int pidfile_write(const char *path, pid_t pid, struct err *e);

/* Sends the pidfd to the AF_UNIX stream socket at `path`; the text beside it is runc's name for what
 * it is of: "standard" (init) or "setns" (exec). */
int pidfile_give_pidfd(const char *path, int pidfd, const char *text, struct err *e);

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * procfd: a procfs of our own that nothing can be mounted over: fsopen("proc") + fsmount, never
 * attached (where that is refused, an O_PATH handle of /proc whose superblock is checked).
 * Lookups: RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS.
 */
#pragma once

#include <stddef.h>

struct err;

/* Opens the handle for the calling process's PID namespace. Caller owns the fd. */
int procfd_open(struct err *e);

/* Opens `path` (relative, e.g. "self/attr/exec") below the handle. */
int procfd_openat(int procfd, const char *path, int flags, struct err *e);

/* Writes `data` with one write(2); a short write is an error (EIO). */
int procfd_write(int procfd, const char *path, const char *data, struct err *e);

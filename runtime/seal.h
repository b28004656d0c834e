/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seal: protection of the host's hart binary against what it starts (CVE-2019-5736).
 *
 * A task that is about to run content has hart as its /proc/PID/exe: an entry point, a #! line or an
 * ELF interpreter of /proc/self/exe, or another process of the container that may trace it, gets a
 * descriptor of the host's file and can reopen it for writing once hart has ended. Checks of the
 * entry point race with content. What helps is that the *mount* behind that descriptor is read-only:
 * the reopen fails for ever, since that mount is a clone of hart's own that nobody can reach to
 * change it. A mount that the host itself has read-only is no substitute: a descriptor that content
 * kept is good again when the host remounts it for an update. The usual pass is seal_entry.c, before
 * libc; seal_self() is for when that was not possible. Nothing in the environment has a say.
 */
#pragma once

struct err;

/* What statfs(2) shows of the clone: ST_RDONLY and ST_NOSYMFOLLOW. No mount that programs are installed
 * on has the latter. */
#define SEAL_MOUNT 0x2001

/* Where the first pass leaves the clone's descriptor: the last one of a table that need not grow. */
#define SEAL_FD 63

/*
 * Called first by the commands that run content. Returns 0 when the running binary is on such a clone
 * or a sealed memfd; else executes itself from a sealed memfd copy (memfd_create(2)) and does
 * not return. An unprivileged caller that does not own the binary needs neither.
 */
int seal_self(char *const argv[], struct err *e);

/*
 * Gives the clone of the mount up, whose last close takes a while: in the task at once, in the runtime
 * when the container runs. The seal itself lasts as long as the process.
 */
void seal_release(void);

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroup/attach: moves a process of an ordinary user's into one of his units, by systemd: the kernel lets him do so only
 * from below a cgroup that is his, and a session, by ssh or su, is not.
 */
#pragma once

#include <sys/types.h>

/* Into the cgroup behind `fd`, of a unit of the caller's own systemd or below one. `pid` 0: the caller. -EACCES for root,
 * which needs no help. */
int cgroup_attach_by_systemd(int fd, pid_t pid);

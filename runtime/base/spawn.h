/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spawn: a child process with the flags of clone3(2), by clone(2) where that one is refused: Docker's profile, and
 * others, answer ENOSYS to it.
 */
#pragma once

#include <sys/types.h>

struct clone_args;

/*
 * As fork(2): the child's id, 0 in the child, -1 with errno. No stack of its own. CLONE_INTO_CGROUP, which clone(2)
 * lacks, is ENOSYS where clone3 is refused: the caller moves the child.
 */
pid_t spawn_process(const struct clone_args *args);

/* fetch: takes a descriptor out of a member's process; in a child, as customs does: what is there now may be anything. */
#pragma once

#include <stdbool.h>

/*
 * The first of the process's descriptors `first` to `end - 1` of which is_it(), called in the child, says that it is
 * the one, and whose close cannot wait; the caller owns it. FD_NONE: none is; -ETIMEDOUT: one of them made the child
 * wait.
 */
int fetch_fd(int pidfd, int first, int end, bool (*is_it)(int fd, const void *arg), const void *arg);

/* SPDX-License-Identifier: Apache-2.0 */
/* fetch: takes a descriptor out of a member's process; in a child, as customs does: what is there now may be anything. */
#pragma once

enum fetched {
	FETCH_IT, /* it is, and its close cannot wait */
	FETCH_NOT,
	FETCH_WAITS, /* its close may wait: it stays open until the child's end, for which nobody waits */
};

/*
 * The first of the process's descriptors `first` to `end - 1` of which look(), called in the child, says that it is
 * the one; the caller owns it. FD_NONE: none is; -ETIMEDOUT: one of them made the child wait.
 */
int fetch_fd(int pidfd, int first, int end, enum fetched (*look)(int fd, const void *arg), const void *arg);

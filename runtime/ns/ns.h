/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ns: which namespaces are new, which are joined, and the one clone3 that makes the child in all
 * of them and in its cgroup (config-linux.md "Namespaces", namespaces(7), clone3(2)).
 *
 * The calling process never changes its own namespaces. When something is joined, a vfork'd stage
 * that shares memory and descriptors does the joining and clones the child as its sibling
 * (CLONE_PARENT), so the child's parent is always the caller.
 * A PID namespace is entered last of all, when nothing of the host is left in the task: a process that may trace there
 * would have it from the moment that the task is there. So it is not joined by the stage, but by what the task clones in its place.
 * A new cgroup namespace is unshared by the child: its root is the cgroup that the task is in, and
 * at clone3 time that is still the caller's. Time namespaces too, after their offsets are written, and
 * the IPC namespace of a user namespace, whose message queues' folder belongs to its maker: to root.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "oci.h"

struct err;

struct ns_join {
	int fd; /* a namespace file, or a pidfd */
	int flags; /* CLONE_NEW* to take from it */
	const char *name; /* for messages */
};

struct ns_plan {
	uint64_t new_flags; /* CLONE_NEW* for clone3 */
	uint64_t unshare; /* CLONE_NEW* left to the child: ns_finish() */
	bool unshare_time; /* as well, with its offsets */
	int offsets_fd; /* child: ns_offsets_open() */
	bool by_itself; /* ns_enter_by_itself() */
	bool as_sibling; /* the child's parent is the caller's, which also collects the stages */
	bool nests; /* the PID namespace is a new one, nested in pid_join: nest.h makes it */
	struct ns_join join[OCI_NS_COUNT];
	unsigned n_join;
	struct ns_join time_join; /* joined by the child; fd FD_NONE when not */
	struct ns_join pid_join; /* entered last: ns_join_last(); fd FD_NONE when there is none such */
};

#define NS_PLAN_INIT ((struct ns_plan){ .time_join.fd = -EBADF, .pid_join.fd = -EBADF })

/* From linux.namespaces: opens the paths and checks their types. ns_close() closes them. */
int ns_prepare(const struct oci_config *c, struct ns_plan *p, struct err *e);

enum ns_entry {
	NS_AT_ONCE, /* with all others: the child is seen there from the first to the last */
	NS_LAST, /* by ns_join_last() */
	NS_BY_ITSELF, /* by ns_enter_by_itself() */
};

/* How the PID namespace that `c` wants to join is entered; the other namespaces of `p` are known. Never at once. */
enum ns_entry ns_entry_of(const struct oci_config *c, const struct ns_plan *p, int pid_ns_fd);

/* True when the child is to enter its PID namespace last. */
static inline bool ns_enters_last(const struct ns_plan *p)
{
	return p->pid_join.fd >= 0 || p->by_itself;
}

/*
 * Child, first of all: when its user namespace is not that of the PID namespace it could enter that no more later. So it
 * is made in none, and enters them all itself: what it clones is in that PID namespace, it is not.
 */
int ns_enter_by_itself(const struct ns_plan *p, struct err *e);

/* Child, with the privileges that it was made with: what it clones from here on is in that PID namespace. */
int ns_join_last(const struct ns_plan *p, struct err *e);

/* The new PID namespace is nested in that of `fd` (borrowed), instead of in the caller's. Makes the child a sibling. */
int ns_nest(struct ns_plan *p, int fd, struct err *e);

/* For exec: all of `flags` from the process behind `pidfd` (borrowed). */
void ns_prepare_exec(struct ns_plan *p, int pidfd, int flags);

void ns_close(struct ns_plan *p);

/* True when the plan makes a new namespace of that CLONE_NEW* kind. */
bool ns_is_new(const struct ns_plan *p, int flag);

struct ns_child {
	pid_t pid; /* in the caller's PID namespace */
	int pidfd; /* owned by the receiver */
};

/*
 * Clones the child, which runs fn(arg) and exits with its result; it never returns into the
 * caller's code. `cgroup_fd` FD_NONE: stays in the caller's cgroup.
 */
int ns_clone(const struct ns_plan *p, int cgroup_fd, int (*fn)(void *arg), void *arg,
	     struct ns_child *ret, struct err *e);

/* The same outside of a cgroup; the child does nothing before ns_let_go(), and ends with the caller until then. *ret_hold is
 * a descriptor for it. */
int ns_clone_held(const struct ns_plan *p, int (*fn)(void *arg), void *arg, struct ns_child *ret, int *ret_hold, struct err *e);
int ns_let_go(int *hold, struct err *e);

/* Joins what the plan names, all but the time namespace, which ns_finish() does; a PID namespace is that of the
 * caller's next child. */
int ns_join(const struct ns_plan *p, struct err *e);

/* /proc/PID/ns/FILE of the process behind `pidfd`: the number alone may be another process's by now. Or -errno. */
int ns_open_of(pid_t pid, int pidfd, const char *file);

/* Kills a child and collects it, so that no zombie keeps its PID namespace from ending. Does nothing
 * to a child that was never made or is not ours. */
void ns_discard(const struct ns_child *child);

/*
 * Runs fn(arg) in a task that has joined the namespaces `flags` (CLONE_NEW*) of `fd`, a namespace file
 * or a pidfd, and shares memory and descriptors with the caller, which waits: what fn opens is open in
 * the caller, and sockets stay in the namespace that they were made in. With CLONE_NEWNS the task's root
 * is that namespace's. fn returns >= 0 or -errno with `e` set; it must not block. Returns what fn does.
 */
int ns_call(int fd, int flags, int (*fn)(void *arg, struct err *e), void *arg, struct err *e);

/* The same in new namespaces, which are gone afterwards unless a descriptor holds them. */
int ns_call_unshared(int flags, int (*fn)(void *arg, struct err *e), void *arg, struct err *e);

/* Child, first of all: /proc/self/timens_offsets, where the plan needs it. Once it is another user's and undumpable it
 * may not open that file any more; what is open can be written. It is closed with all others. */
int ns_offsets_open(struct ns_plan *p, const struct oci_config *c, int procfd, struct err *e);

/*
 * Child, root of its user namespace: the cgroup, IPC and time namespaces. `procfd` may be FD_NONE when
 * there are no offsets.
 */
int ns_finish(const struct ns_plan *p, const struct oci_config *c, int procfd, struct err *e);

/* The CLONE_NEW* flag of a kind, and its name ("network"). */
int ns_flag(enum oci_ns type);
const char *ns_name(enum oci_ns type);

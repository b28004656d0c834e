/* SPDX-License-Identifier: Apache-2.0 */
/*
 * member: one bundle that can serve: built by a worker up to its gate, watched by pidfd, let run by one message,
 * killed and undone. An ordinary container below ROOT/ID/members. Tells the service what happened by events
 * of machine.h and decides nothing.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "loop/loop.h"
#include "loop/worker.h"
#include "machine/machine.h"
#include "record/logpipe.h"
#include "service/adapt.h"
#include "watch/notify.h"

struct container;
struct err;
struct fdset;
struct handover;
struct member;
struct policy;
struct runtime;
struct service;
struct service_ends;
struct service_made;
struct service_shared;

/* What a member tells its owner. */
struct member_owner {
	/* What has become of it: EVENT_BUILT, EVENT_BUILD_FAILED, EVENT_RELEASED, EVENT_RELEASE_FAILED, EVENT_EMPTY, or
	 * what those who watch it have seen. */
	void (*event)(struct member *m, const struct machine_event *ev);
	/* Its init has ended, seen at `seen_ns`: m->exit_status. What that means is the owner's to say. */
	void (*ended)(struct member *m, long long seen_ns);
	/* Its program runs; before EVENT_RELEASED. */
	void (*released)(struct member *m);
	/* True while nothing may be begun that would run before a program that has been let go. */
	bool (*must_wait)(const struct member *m);
	/* It is past its gate, or will never be: must_wait() may be false now. */
	void (*past_gate)(struct member *m);
	/* On whose bundle those stand that are none of their own. */
	const struct member *(*primary)(const struct member *m);
	/* It is there, at its gate; an error undoes it. */
	int (*built)(struct member *m, struct err *e);
	/* Its program says something of itself. */
	void (*notified)(struct notify *n, struct notify_message *msg);
	/* Its worker has ended. */
	void (*idle)(struct member *m);
	void (*warn)(struct member *m, const struct err *why);
	/* What it can cause as often as it likes. */
	void (*warn_caused)(struct member *m, const struct err *why);
};

/* What all members of a service are made from, and live in; borrowed from their owner. */
struct member_common {
	const struct member_owner *owner;
	struct loop *loop;
	struct runtime *runtime; /* theirs: below the service's folder */
	struct container *container; /* the service's: its folder, state and cgroup */
	const struct policy *policy;
	const struct service_made *made;
	struct service_shared *shared;
	int *above_pid_ns_fd; /* a PID namespace that theirs are to be below; FD_NONE there: none */
	struct fdset *fds; /* the service's descriptors */
	struct logfile *log; /* of their output, where it is open; else that goes to `ends` */
	const struct service_ends *ends;
};

#define MEMBER_NAME_MAX 32

struct member_timer {
	struct timer timer;
	struct member *member;
	enum machine_timer kind;
};

struct member {
	struct service *service; /* the owner's business: nothing here looks into it */
	const struct member_owner *owner;
	const struct member_common *common;
	int index;
	char name[MEMBER_NAME_MAX]; /* "primary", "standby-1", "upgrade-1" */
	char *dir; /* standby folder, ORIGIN_SELF, NULL for the primary; owned */
	bool hooks_ran, was_active; /* service hooks run once a bundle */

	/* While it is built or undone. */
	struct worker worker;
	bool build_after; /* as soon as it is undone, or the takeover under way is over */
	bool discard_after; /* as soon as the takeover under way is over */

	/* While it exists. FD_NONE and 0 otherwise. */
	pid_t pid;
	int pidfd, gate_fd, cgroup_fd, kill_fd, events_fd;
	unsigned private_namespaces; /* 1 << OCI_NS_*: not shared with the service */
	int mount_ns_fd; /* held so that init ends without taking its mounts down: that takes its time */
	uint64_t generation; /* 0: not started yet */
	bool is_standby; /* its program runs, and has no generation yet */
	bool init_gone, fencing, killed, exec_is_next;
	int exit_status; /* code or 128 + signal; -1: not known */
	struct timer exit_wait;
	struct source exit_source, gate_source, events_source, straggler;
	struct member_timer timers[TIMERS];

	struct notify notify;
	struct logpipe out, err;
	int out_fd, err_fd; /* what it writes to, until it is built */
	bool is_upgrade; /* not one that the service was started with */
	long long watchdog_usec; /* WATCHDOG_USEC=; -1: not said */
	char status[NOTIFY_STATUS_MAX]; /* STATUS= */
	long long said_ns, said_credit_ns; /* of warnings that it causes: record.c */
	uint64_t unsaid;
	char why[256]; /* of the last failure, for people */
};

/* One that does not exist yet. `common` and `s` are borrowed, `name` is copied. */
void member_init(struct member *m, const struct member_common *common, struct service *s, int index, const char *name);

/* MACHINE_BUILD: EVENT_BUILT or EVENT_BUILD_FAILED follows. */
void member_build(struct member *m);

/* True between GO and execve of its program. Nothing else is begun meanwhile: it would run first. */
bool member_is_taking_over(const struct member *m);

/* That is over: what was put off for it. */
void member_resume(struct member *m);

/* Parts of the above that member.c and member_build.c share. */
/* An event to the owner; `status` is the exit code or 128 + signal. */
void member_tell(struct member *m, enum event_type type, enum machine_cause cause, int status);
/* From now on the loop hears what its gate, and the end of its init, have to say. */
int member_watch_gate(struct member *m, struct err *e);
int member_watch_exit(struct member *m, struct err *e);
/* Closes all that it has while it exists, and collects its init, if that has ended. */
void member_forget(struct member *m);
/* Keeps `text` as the reason of its last failure: cut to fit, without control characters. */
void member_why(struct member *m, const char *text);

/* MACHINE_RELEASE: one message; EVENT_RELEASED or EVENT_RELEASE_FAILED follows. -EPIPE: it is not at its gate. */
int member_release(struct member *m, const struct handover *h, struct err *e);

/* MACHINE_TERM: `sig` to its init, if that is there. */
void member_signal(struct member *m, int sig);

/* MACHINE_KILL: EVENT_EMPTY follows, at once when it can be confirmed at once. */
void member_kill(struct member *m);

/* MACHINE_DISCARD: forgets and undoes it, in a worker. */
void member_discard(struct member *m);

/* Kills and undoes it here and now: for one that should not be running. Waits. */
int member_undo_now(struct member *m, struct err *e);

/* The same of a name below ROOT/ID/members that is no member's. */
int member_undo_unknown(const struct member_common *common, const char *name, struct err *e);

/* Takes up what is already running or waiting below ROOT/ID/members, for adopt. -ENOENT: nothing there. */
int member_adopt(struct member *m, struct err *e);

/* True while init is there. */
bool member_exists(const struct member *m);

/* True while nothing of it is left to be done: for the end of the service. */
bool member_is_idle(const struct member *m);

/* Closes everything; a running one goes on running. */
void member_finish(struct member *m);

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ports: the shim's side of the ports that a service holds (--port): its keeper is started or found again, members
 * are told to it by their builders, and it is told which member gets the clients. The keeper (ports/keeper.h) does the work.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "loop/loop.h"
#include "ports/message.h"

struct err;
struct json_out;
struct policy;

struct service_ports {
	struct loop *loop; /* NULL: no ports are held */
	struct source reports; /* the connection to the keeper */
	struct source keeper; /* its pidfd, when it is our child */
	pid_t keeper_pid; /* 0: not our child */
	int folder_fd; /* borrowed: the service's state folder */
	bool ended; /* service_ports_end() */
	unsigned stale; /* 1 << member: built while another keeper was there, which its filter asks */
	int query_fd; /* a connection for questions; FD_NONE before the first one */
	unsigned unanswered; /* of them: it hangs */
	struct port_message said_last; /* what it answered */
	int active; /* the member that gets the clients; -1: nobody */
	/* For people; member -1: of no member. */
	void (*said)(struct service_ports *p, int member, const char *text);
	/* The member listens on one more address that is held: so many in all. */
	void (*listens)(struct service_ports *p, int member, unsigned addresses, const char *address);
};

#define SERVICE_PORTS_INIT \
	((struct service_ports){ .reports = SOURCE_INIT, .keeper = SOURCE_INIT, .active = -1, .query_fd = -EBADF })

/*
 * Starts the keeper; or, when `adopt`, finds that of a shim that died, and starts a new one where there is none: ports that
 * members opened before are not held then, until they are built anew. Does nothing when the policy names no port.
 */
int service_ports_open(struct service_ports *p, struct loop *l, const struct policy *policy, int folder_fd, bool adopt,
		       struct err *e);

/* Tells the keeper to let go of everything, and waits for its end. Clients are refused from now on, unless a member listens. */
void service_ports_close(struct service_ports *p);

/* The service ends: its programs' own close(2) refuses clients from now on. Never waits; service_ports_close() follows. */
void service_ports_end(struct service_ports *p);

/* The shim goes and the members run on, as the keeper does. */
void service_ports_leave(struct service_ports *p);

/*
 * `member` is about to be built. Where the keeper has ended, and no program runs (`alone`), a new one is started: it does not
 * know what a program that runs has opened, and would take the clients of that. What fails is said.
 */
void service_ports_before_build(struct service_ports *p, const struct policy *policy, int member, bool alone);

/* True for one whose keeper has ended since it was built: it could open no port. */
bool service_ports_are_lost(const struct service_ports *p, int member);

/* `member` gets the clients from now on; -1: they wait. Never waits itself. */
void service_ports_activate(struct service_ports *p, int member);

/*
 * The same for one that listens already, and lets the keeper do it: it is woken on our own processor where the others are busy,
 * and clients would wait until all that follows a takeover is done. Waits for 10 ms at most, for one that hangs.
 */
void service_ports_let_in(struct service_ports *p, int member);

/*
 * The member is given the socket `fd`, its `nth` of `net_fd`'s network, a namespace or a pidfd; clients of the address reach the
 * one of the member that gets the clients. Never waits; what fails is said later.
 */
int service_ports_give(struct service_ports *p, int member, int nth, int fd, int net_fd, struct err *e);

/* The member is gone: the keeper closes what it had open or was given. */
void service_ports_retire(struct service_ports *p, int member);

/* For create_opts.take_ports, in a builder: tells the keeper of the member before its program starts, and waits for the answer, 2 s
 * at most. `folder_fd` is the builder's own; the descriptors stay the caller's. */
int service_ports_enter(int folder_fd, int member, int listener_fd, int pidfd, int cgroup_fd, struct err *e);

/* Puts the array "ports" into an object of `o`, as it was last when the keeper hangs; members are named by `name`. Nothing when
 * no port is held. */
void service_ports_show(struct service_ports *p, struct json_out *o, const char *(*name)(void *arg, int member),
			void *arg);

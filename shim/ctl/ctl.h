/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ctl: the control socket ROOT/ID/control of a shim: AF_UNIX SOCK_SEQPACKET, pathname only, 0600 in 0700,
 * peer credentials checked (our own uid or root). One request a connection, a JSON object; the answer is a
 * JSON object, {"error": TEXT, "errno": N} for a failure; a connection may wait for its answer (failover,
 * upgrade: until done). A request has 4096 bytes at most, an answer CTL_FRAME_MAX; a slow or silent peer costs one
 * slot, never the loop.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loop/loop.h"

struct arena;
struct buf;
struct err;

#define CTL_SOCKET_NAME "control"
#define CTL_FRAME_MAX (64u << 10)
#define CTL_CONNECTIONS_MAX 16

enum ctl_command { CTL_STATUS, CTL_FAILOVER, CTL_UPGRADE, CTL_STOP, CTL_KILL, CTL_START, CTL_FAIL, CTL_REPLACE, CTL_COMMANDS };

struct ctl_request {
	enum ctl_command command;
	const char *to; /* failover: member's name; NULL: the next */
	const char *bundle; /* upgrade: absolute path */
	const char *settings; /* replace: a line each, NAME=VALUE of the policy */
	bool overlap, wait;
	bool stop_first, stay; /* upgrade: the old one ends first; wait until it is there to stay */
	int signal; /* stop, kill */
	long long timeout_ms; /* the client waits no longer for the answer; 0: for ever */
};

struct ctl_connection {
	struct source source;
	struct ctl *ctl;
	int fd;
	bool answered;
};

struct ctl {
	struct loop *loop;
	struct source source;
	int fd;
	struct ctl_connection connections[CTL_CONNECTIONS_MAX];
	/* Answers with ctl_answer or ctl_refuse, now or later; c is good until then or until gone(c). */
	void (*handle)(struct ctl *ctl, struct ctl_connection *c, const struct ctl_request *q);
	void (*gone)(struct ctl *ctl, struct ctl_connection *c); /* the peer left before its answer */
};

/* Binds dir_fd/control, in the place of an old socket, and listens; ctl->handle and ctl->gone are set before. */
int ctl_open(struct ctl *ctl, struct loop *l, int dir_fd, struct err *e);

/* Closes the socket and all connections; a client that waits for an answer reads the end. The socket's file stays. */
void ctl_close(struct ctl *ctl);

/* Sends the answer, a JSON object. The request is over, and `c` no longer the caller's. */
void ctl_answer(struct ctl_connection *c, const struct buf *json);

/* The same with a failure: its errno and text. */
void ctl_refuse(struct ctl_connection *c, const struct err *why);
/* `errnum` is positive. */
void ctl_refuse_why(struct ctl_connection *c, int errnum, const char *why);

/* Client: a pidfd, the caller's, of the shim that listens below dir_fd. -ECONNREFUSED: none does. */
int ctl_shim(int dir_fd, struct err *e);

/* Client: sends the request to the shim of the state folder dir_fd and waits for the answer, a JSON text in `a`. An error of the
 * shim is returned as one. -ECONNREFUSED: no shim is there ("hart adopt"); -ECONNRESET: it has ended without an answer;
 * -ETIMEDOUT: q->timeout_ms is over, and the shim goes on with the request. */
int ctl_call(int dir_fd, const struct ctl_request *q, struct arena *a, char **ret_json,
	     size_t *ret_len, struct err *e);

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sync: the conversation between a runtime process and the container's init before its execve.
 * One CLOEXEC SEQPACKET socket; one fixed frame a message, checked against what the receiver waits
 * for: after pivot_root the other side counts as hostile, and EOF is never data.
 *
 *   init → runtime              runtime → init
 *   UP      has a user ns       MAPS    its id maps are written
 *   MOUNTED mounts are made     HOOKED  what hooks the runtime runs ran, devices moved
 *   PORTS   the listener of the filter that tells of binds is next
 *                               TAKEN   the listener was handed on
 *   SECCOMP listener fd is next TAKEN   the same
 *   SUCCESSOR is cloned next, and speaks from then on (late.h)
 *                               TAKEN   the runtime knows which process it is
 *   READY   waits to be started GO      run the program (the gate: also start and promote), with
 *                                       descriptors and environment by a supervisor: handover.h
 *   EXEC    execve is next; EOF after it means that it succeeded
 *   ERROR   with errno and text, at any time; the sender is gone afterwards
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct err;

/* What every frame begins with. */
struct sync_head {
	uint32_t type; /* enum sync_type */
	int32_t value; /* ERROR: errno; PORTS, SECCOMP: fd number */
};

enum sync_type { SYNC_UP = 1, SYNC_MAPS, SYNC_MOUNTED, SYNC_HOOKED, SYNC_PORTS, SYNC_SECCOMP, SYNC_TAKEN,
		 SYNC_READY, SYNC_GO, SYNC_EXEC, SYNC_ERROR, SYNC_SUCCESSOR,
		 SYNC_LAST = SYNC_SUCCESSOR /* a number is never another's: an init that waits at a gate may be of an older hart */ };

/* What sync_recv returns at end of file. */
#define SYNC_EOF 0

/* Makes the pair; both ends are the caller's. */
int sync_pair(int ret_fds[2], struct err *e);

/* Sends a frame; `value` is the fd number of PORTS or SECCOMP, else 0. EPIPE when the peer is gone. */
int sync_send(int fd, enum sync_type type, int value, struct err *e);

/* sync_send with descriptors, at most SYNC_FDS_MAX, which stay the caller's: for sync_peek_fds(). */
#define SYNC_FDS_MAX 8
int sync_send_fds(int fd, enum sync_type type, const int *fds, size_t n, struct err *e);

/*
 * Copies of the descriptors that the next frame carries, which stays to be received; waits for it so long.
 * Returns their number; they are the caller's.
 */
int sync_peek_fds(int fd, int timeout_ms, int ret_fds[SYNC_FDS_MAX], struct err *e);

/* Sends `failure` as an ERROR frame; nothing can be done when that fails too. */
void sync_send_error(int fd, const struct err *failure);

/*
 * Receives a frame: its type, or SYNC_EOF. An ERROR frame is returned as its -errno with its text
 * in `e`; a malformed one is -EPROTO. `ret_value` may be NULL.
 */
int sync_recv(int fd, int *ret_value, struct err *e);

/* sync_recv that takes nothing but `type`; EOF is -EPIPE. */
int sync_expect(int fd, enum sync_type type, struct err *e);

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rpc: requests in, answers out. Every answer is given through the ledger's call, now or much later, by whichever
 * worker is there then.
 */
#pragma once

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

#include "shim.h"

enum rpc_code { RPC_CANCELLED = 1, RPC_UNKNOWN = 2, RPC_INVALID = 3, RPC_DEADLINE = 4, RPC_NOT_FOUND = 5,
		RPC_EXISTS = 6, RPC_EXHAUSTED = 8, RPC_FAILED_PRECONDITION = 9, RPC_ABORTED = 10,
		RPC_UNIMPLEMENTED = 12, RPC_UNAVAILABLE = 14 };

/* A method: `request` decoded (NULL descriptor: not looked at), memory good until `run` returns. */
struct rpc_method {
	const char *name;
	const ProtobufCMessageDescriptor *request;
	void (*run)(struct shim *s, struct call *c, const void *request);
	bool begins; /* something that has events: refused while too many of them wait */
};

/* Answers with a message (NULL: an empty one), or with bytes that are one already. The call is over. */
void rpc_reply(struct shim *s, struct call *c, const ProtobufCMessage *message);
void rpc_reply_bytes(struct shim *s, struct call *c, const void *data, size_t len);

/* Answers with a failure. */
void rpc_fail(struct shim *s, struct call *c, enum rpc_code code, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* The same of an error of the runtime's. */
void rpc_fail_err(struct shim *s, struct call *c, const struct err *why);

/* Takes an accepted connection: into slot `slot`, which the guardian knows it by. */
int rpc_serve(struct shim *s, int slot, int fd, struct err *e);

/* Decodes and runs one request frame of a connection. For tests too: no socket is needed. */
void rpc_request(struct shim *s, int connection, uint32_t stream, const uint8_t *data, size_t len);

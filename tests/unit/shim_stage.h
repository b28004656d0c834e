/* SPDX-License-Identifier: Apache-2.0 */
/* shim_stage: the shim of containerd on one end of a socket pair, and the test on the other. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "address.h"
#include "base/err.h"
#include "base/fd.h"
#include "frame.h"
#include "ledger.h"
#include "methods.h"
#include "proc.h"
#include "proc_end.h"
#include "rpc.h"
#include "task.pb-c.h"
#include "ttrpc.pb-c.h"

#define TASK "containerd.task.v2.Task"
#define PATIENCE_NS 20000000LL /* for what must not come */

static struct shim shim;
static int client, guardian[2];
static struct timer patience;

static inline int open_shim(void **state)
{
	struct err e = ERR_INIT;
	int pair[2];

	(void)state;
	shim = (struct shim){ .name_space = "test", .rt.root_fd = FD_NONE,
				.methods = methods };
	shim.guardian = shim.listener = shim.signals = SOURCE_INIT;
	shim.ledger = ledger_new(&e);
	assert_non_null(shim.ledger);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, guardian), 0);
	shim.guardian_fd = guardian[0];
	assert_int_equal(loop_init(&shim.loop, &e), 0);
	events_init(&shim.events, &shim.loop, &shim.ledger->events, NULL, "test", NULL);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(rpc_serve(&shim, 0, pair[1], &e), 0);
	client = pair[0];
	return 0;
}

static inline int close_shim(void **state)
{
	(void)state;
	if (shim.connections[0].open)
		stream_close(&shim.connections[0].stream);
	while (shim.procs)
		proc_free(shim.procs);
	loop_finish(&shim.loop);
	close(client);
	close(guardian[0]);
	close(guardian[1]);
	return 0;
}

static inline void lose_patience(struct timer *t)
{
	(void)t;
	loop_stop(&shim.loop);
}

/* Lets the shim work until it has nothing more to do. */
static inline void let_work(void)
{
	struct err e = ERR_INIT;

	shim.loop.over = false;
	loop_timer(&shim.loop, &patience, PATIENCE_NS, lose_patience);
	assert_int_equal(loop_run(&shim.loop, &e), 0);
}

static inline void send_frame(uint32_t length, uint32_t stream, uint8_t type, const void *data, size_t len)
{
	struct frame f = { .length = length, .stream = stream, .type = type };
	uint8_t head[FRAME_HEADER];

	frame_put(&f, head);
	assert_int_equal(write(client, head, sizeof head), sizeof head);
	if (len)
		assert_int_equal(write(client, data, len), len);
}

/* A whole request in `out`; its length. */
static inline size_t pack(uint8_t *out, const char *service, const char *method, const ProtobufCMessage *message)
{
	static uint8_t payload[4096];
	Ttrpc__Request q = TTRPC__REQUEST__INIT;

	q.service = (char *)service;
	q.method = (char *)method;
	q.payload.len = message ? protobuf_c_message_pack(message, payload) : 0;
	q.payload.data = payload;
	return ttrpc__request__pack(&q, out);
}

static inline void ask(uint32_t stream, const char *service, const char *method, const ProtobufCMessage *message)
{
	uint8_t data[4096];
	size_t len = pack(data, service, method, message);

	send_frame((uint32_t)len, stream, FRAME_REQUEST, data, len);
}

/* The code of the next answer; -1: none came. */
static inline int answer(uint32_t *ret_stream, uint8_t *payload, size_t *payload_len)
{
	uint8_t head[FRAME_HEADER], data[4096];
	struct frame f;

	if (recv(client, head, sizeof head, MSG_DONTWAIT) != (ssize_t)sizeof head)
		return -1;
	frame_get(head, &f);
	assert_int_equal(f.type, FRAME_RESPONSE);
	assert_true(f.length <= sizeof data);
	if (f.length)
		assert_int_equal(recv(client, data, f.length, 0), f.length);
	Ttrpc__Response *r = ttrpc__response__unpack(NULL, f.length, data);
	assert_non_null(r);
	int code = r->status ? r->status->code : 0;
	*ret_stream = f.stream;
	if (payload) {
		memcpy(payload, r->payload.data, r->payload.len);
		*payload_len = r->payload.len;
	}
	ttrpc__response__free_unpacked(r, NULL);
	return code;
}

static inline void expect(int code, uint32_t stream)
{
	uint32_t of = 0;

	let_work();
	assert_int_equal(answer(&of, NULL, NULL), code);
	assert_int_equal(of, stream);
}

static inline void expect_nothing(void)
{
	uint32_t of;

	let_work();
	assert_int_equal(answer(&of, NULL, NULL), -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_shim, close_shim)

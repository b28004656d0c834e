/* SPDX-License-Identifier: Apache-2.0 */
/* rpc: see rpc.h. */
#include "rpc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "keep.h"
#include "ttrpc.pb-c.h"

#define REQUEST_MEMORY_MAX ((size_t)32 << 20) /* a frame of 4 MiB can ask for far more */

static const char *const services[] = { "containerd.task.v2.Task", "containerd.task.v3.Task" };

/* -- memory of a request --------------------------------------------------------------------- */

static void *arena_of(void *arena, size_t size)
{
	struct arena *a = arena;

	return a->total_bytes + size > REQUEST_MEMORY_MAX ? NULL : arena_alloc(a, size);
}

static void freed_with_all(void *arena, void *p)
{
	(void)arena;
	(void)p;
}

/* -- answers --------------------------------------------------------------------------------- */

static void drop_connection(struct shim *s, int slot)
{
	struct ledger *l = s->ledger;

	s->connections[slot].open = false;
	for (uint32_t i = 0; i < l->calls_end; i++) {
		struct call *c = &l->calls[i];
		if (!c->open || c->connection != slot)
			continue;
		c->connection = -1;
		if (c->record >= 0) /* Wait: nothing else will end it */
			c->open = false;
	}
	/* The last: from then on the slot may be another one's. */
	guardian_drop_connection(s->guardian_fd, slot);
}

static void send_response(struct shim *s, int connection, uint32_t stream, const Ttrpc__Response *response)
{
	size_t len = ttrpc__response__get_packed_size(response);
	uint8_t *data = malloc(len + 1);

	if (!s->connections[connection].open) {
		free(data);
		return;
	}
	if (data)
		ttrpc__response__pack(response, data);
	if (!data || !stream_send(&s->connections[connection].stream, stream, FRAME_RESPONSE, data, len))
		drop_connection(s, connection);
	free(data);
}

void rpc_reply_bytes(struct shim *s, struct call *c, const void *data, size_t len)
{
	Ttrpc__Response response = TTRPC__RESPONSE__INIT;
	int connection = c->connection;
	uint32_t stream = c->stream;

	response.payload = (ProtobufCBinaryData){ len, (uint8_t *)data };
	if (connection >= 0)
		send_response(s, connection, stream, &response);
	c->open = false; /* one killed before has the next worker answer once more: better twice than never */
}

void rpc_reply(struct shim *s, struct call *c, const ProtobufCMessage *message)
{
	size_t len = message ? protobuf_c_message_get_packed_size(message) : 0;
	uint8_t *data = malloc(len + 1);

	if (!data) {
		rpc_fail(s, c, RPC_EXHAUSTED, "out of memory");
		return;
	}
	if (message)
		protobuf_c_message_pack(message, data);
	rpc_reply_bytes(s, c, data, len);
	free(data);
}

static void fail(struct shim *s, int connection, uint32_t stream, enum rpc_code code, const char *text)
{
	Ttrpc__Status status = TTRPC__STATUS__INIT;
	Ttrpc__Response response = TTRPC__RESPONSE__INIT;

	status.code = (int32_t)code;
	status.message = (char *)text;
	response.status = &status;
	if (connection >= 0)
		send_response(s, connection, stream, &response);
}

void rpc_fail(struct shim *s, struct call *c, enum rpc_code code, const char *fmt, ...)
{
	char text[ERR_TEXT_SIZE + 128];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	fail(s, c->connection, c->stream, code, text);
	c->open = false;
}

void rpc_fail_err(struct shim *s, struct call *c, const struct err *why)
{
	static const struct {
		int errnum;
		enum rpc_code code;
	} codes[] = { { ESRCH, RPC_NOT_FOUND }, { EEXIST, RPC_EXISTS }, { ENOTSUP, RPC_UNIMPLEMENTED },
		      { ENOSPC, RPC_EXHAUSTED } };
	enum rpc_code code = RPC_UNKNOWN;

	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
		if (codes[i].errnum == why->code)
			code = codes[i].code;
	rpc_fail(s, c, code, "%s", why->text);
}

/* -- requests -------------------------------------------------------------------------------- */

static bool is_ours(const char *service)
{
	for (size_t i = 0; i < sizeof services / sizeof *services; i++)
		if (!strcmp(service, services[i]))
			return true;
	return false;
}

static const struct rpc_method *find_method(const struct rpc_method *methods, const char *name,
					    uint8_t *ret_index)
{
	for (uint8_t i = 0; methods[i].name; i++)
		if (!strcmp(methods[i].name, name)) {
			*ret_index = i;
			return &methods[i];
		}
	return NULL;
}

static void dispatch(struct shim *s, int connection, uint32_t stream, const Ttrpc__Request *request,
		     ProtobufCAllocator *memory)
{
	uint8_t index;
	const struct rpc_method *m = is_ours(request->service) ? find_method(s->methods, request->method, &index) : NULL;
	void *message = NULL;

	if (!m) {
		char text[256];
		snprintf(text, sizeof text, "no such method: %.100s/%.100s", request->service, request->method);
		fail(s, connection, stream, RPC_UNIMPLEMENTED, text);
		return;
	}
	message = protobuf_c_message_unpack(m->request, memory, request->payload.len, request->payload.data);
	if (!message) {
		fail(s, connection, stream, RPC_INVALID, "the request's payload cannot be decoded");
		return;
	}
	struct call *call = call_new(s->ledger, connection, stream, index);
	if (call && m->begins && events_are_many(&s->events))
		rpc_fail(s, call, RPC_UNAVAILABLE, "nothing new is begun while containerd takes no events: "
			 "%zu bytes of them wait", event_queue_bytes(s->events.queue));
	else if (call)
		m->run(s, call, message);
	else
		fail(s, connection, stream, RPC_EXHAUSTED, "too many requests wait for their answers");
}

void rpc_request(struct shim *s, int connection, uint32_t stream, const uint8_t *data, size_t len)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	ProtobufCAllocator memory = { arena_of, freed_with_all, &a };
	Ttrpc__Request *request = ttrpc__request__unpack(&memory, len, data);

	if (request)
		dispatch(s, connection, stream, request, &memory);
	else
		fail(s, connection, stream, RPC_INVALID, "the request cannot be decoded");
}

static void on_frame(struct stream *st, const struct frame *f, const uint8_t *data)
{
	struct connection *c = LOOP_OWNER(st, struct connection, stream);
	struct shim *s = c->shim;
	int slot = (int)(c - s->connections);

	if (!data)
		fail(s, slot, f->stream, RPC_EXHAUSTED, "the message is too long");
	else if (f->type == FRAME_REQUEST && f->stream % 2)
		rpc_request(s, slot, f->stream, data, f->length);
	else if (f->type == FRAME_REQUEST)
		fail(s, slot, f->stream, RPC_INVALID, "stream identifiers of clients are odd");
	/* Other types (data of a stream that nobody has opened) are passed over. */
}

static void on_rpc_gone(struct stream *st)
{
	struct connection *c = LOOP_OWNER(st, struct connection, stream);

	drop_connection(c->shim, (int)(c - c->shim->connections));
}

int rpc_serve(struct shim *s, int slot, int fd, struct err *e)
{
	struct connection *c = &s->connections[slot];
	int r = stream_open(&c->stream, &s->loop, fd, on_frame, on_rpc_gone, e);

	c->shim = s;
	c->open = r >= 0;
	if (slot >= s->connections_end)
		s->connections_end = slot + 1;
	return r;
}

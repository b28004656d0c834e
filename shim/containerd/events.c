/* SPDX-License-Identifier: Apache-2.0 */
/* events: see events.h. */
#include "events.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/log.h"
#include "events.pb-c.h"
#include "rpc.h"
#include "ttrpc.pb-c.h"

#define PAUSE_MIN_NS 50000000LL
#define PAUSE_MAX_NS 2000000000LL
#define ANSWER_NS 30000000000LL
#define REFUSALS_MAX 5

static void send_first(struct events *ev);

void events_init(struct events *ev, struct loop *l, struct event_queue *queue, const char *address,
		 const char *name_space, void (*flushed)(struct events *ev))
{
	*ev = (struct events){ .loop = l, .queue = queue, .address = address, .name_space = name_space,
			       .next_stream = 1, .pause_ns = PAUSE_MIN_NS, .answer_ns = ANSWER_NS,
			       .flushed = flushed };
}

/* -- the connection -------------------------------------------------------------------------- */

static void on_retry(struct timer *t)
{
	send_first(LOOP_OWNER(t, struct events, retry));
}

static void try_later(struct events *ev)
{
	ev->sent = false;
	loop_timer_stop(ev->loop, &ev->answer);
	loop_timer(ev->loop, &ev->retry, ev->pause_ns, on_retry);
	ev->pause_ns = ev->pause_ns * 2 < PAUSE_MAX_NS ? ev->pause_ns * 2 : PAUSE_MAX_NS;
}

static void on_gone(struct stream *s)
{
	struct events *ev = LOOP_OWNER(s, struct events, stream);

	ev->connected = false;
	if (!event_queue_is_empty(ev->queue))
		try_later(ev);
}

/* It may have it all the same: better twice than never. */
static void on_no_answer(struct timer *t)
{
	struct events *ev = LOOP_OWNER(t, struct events, answer);

	log_warn("containerd has not acknowledged an event for %lld s: it is sent again over a new connection",
		 ev->answer_ns / 1000000000);
	stream_close(&ev->stream);
	ev->connected = false;
	try_later(ev);
}

/* The codes of a containerd that cannot take it now: cancelled, too late, no room, broken off, not there. */
static bool may_be_taken_later(int32_t code)
{
	return code == RPC_CANCELLED || code == RPC_DEADLINE || code == RPC_EXHAUSTED || code == RPC_ABORTED ||
	       code == RPC_UNAVAILABLE;
}

/* Is it done with? What containerd refuses for good it refuses tomorrow as well, and others wait behind it. */
static bool is_settled(struct events *ev, const uint8_t *data, uint32_t len)
{
	Ttrpc__Response *r = ttrpc__response__unpack(NULL, len, data);
	bool settled = true;

	if (r && r->status && r->status->code) {
		settled = !may_be_taken_later(r->status->code) || ++ev->refusals > REFUSALS_MAX;
		if (settled)
			log_error("containerd refuses an event, which is lost: code %d, %s", r->status->code,
				  r->status->message);
	}
	ttrpc__response__free_unpacked(r, NULL);
	return settled;
}

static void go_on(struct events *ev)
{
	ev->sent = false;
	ev->refusals = 0;
	ev->pause_ns = PAUSE_MIN_NS;
	loop_timer_stop(ev->loop, &ev->answer);
	event_queue_drop_first(ev->queue);
	if (ev->left_out && !events_are_many(ev)) {
		log_warn("containerd takes events again: %u have been left out, none of an end", ev->left_out);
		ev->left_out = 0;
	}
	if (event_queue_is_empty(ev->queue))
		ev->flushed(ev);
	else
		send_first(ev);
}

static void on_answer(struct stream *s, const struct frame *f, const uint8_t *data)
{
	struct events *ev = LOOP_OWNER(s, struct events, stream);

	if (f->type != FRAME_RESPONSE || !ev->sent || f->stream + 2 != ev->next_stream)
		return;
	if (!data || is_settled(ev, data, f->length))
		go_on(ev);
	else
		try_later(ev);
}

/* A unix socket's connect never waits for the other side: it is refused when the backlog is full. */
static int events_connect_to(const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof to.sun_path)
		return -ENAMETOOLONG;
	strcpy(to.sun_path, path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&to, sizeof to) == 0)
		return fd;
	int r = -errno;
	close(fd);
	return r;
}

static bool events_open_stream(struct events *ev)
{
	struct err e = ERR_INIT;

	if (ev->connected)
		return true;
	int fd = events_connect_to(ev->address);
	if (fd < 0)
		return false;
	if (stream_open(&ev->stream, ev->loop, fd, on_answer, on_gone, &e) < 0) {
		close(fd);
		return false;
	}
	ev->next_stream = 1;
	return ev->connected = true;
}

static void send_first(struct events *ev)
{
	uint32_t len;

	if (ev->sent || event_queue_is_empty(ev->queue))
		return;
	void *request = events_open_stream(ev) ? event_queue_first(ev->queue, &len) : NULL;
	if (request) {
		ev->sent = true;
		ev->next_stream += 2;
		ev->connected = stream_send(&ev->stream, ev->next_stream - 2, FRAME_REQUEST, request, len);
	}
	free(request);
	if (ev->sent && ev->connected)
		loop_timer(ev->loop, &ev->answer, ev->answer_ns, on_no_answer);
	else
		try_later(ev);
}

void events_resume(struct events *ev)
{
	send_first(ev);
}

/* -- making one ------------------------------------------------------------------------------ */

static int queue_request(const struct events *ev, const Events__ForwardRequest *forward)
{
	Ttrpc__KeyValue name_space = TTRPC__KEY_VALUE__INIT, *metadata[] = { &name_space };
	Ttrpc__Request request = TTRPC__REQUEST__INIT;
	size_t len = events__forward_request__get_packed_size(forward);
	uint8_t *payload = malloc(len + 1);
	int r = -ENOMEM;

	if (!payload)
		return r;
	events__forward_request__pack(forward, payload);
	name_space.key = "containerd-namespace-ttrpc";
	name_space.value = (char *)ev->name_space;
	request.service = "containerd.services.events.ttrpc.v1.Events";
	request.method = "Forward";
	request.payload = (ProtobufCBinaryData){ len, payload };
	request.n_metadata = 1;
	request.metadata = metadata;
	size_t total = ttrpc__request__get_packed_size(&request);
	uint8_t *data = malloc(total + 1);
	if (data) {
		ttrpc__request__pack(&request, data);
		r = event_queue_put(ev->queue, data, (uint32_t)total) ? 0 : -ENOSPC;
	}
	free(data);
	free(payload);
	return r;
}

static int wrap_event(const struct events *ev, const char *topic, const char *type, const ProtobufCMessage *message)
{
	Task__Timestamp when = TASK__TIMESTAMP__INIT;
	Task__Any any = TASK__ANY__INIT;
	Events__Envelope envelope = EVENTS__ENVELOPE__INIT;
	Events__ForwardRequest forward = EVENTS__FORWARD_REQUEST__INIT;
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	when.seconds = now.tv_sec;
	when.nanos = (int32_t)now.tv_nsec;
	any.type_url = (char *)type;
	any.value.len = protobuf_c_message_get_packed_size(message);
	any.value.data = malloc(any.value.len + 1);
	if (!any.value.data)
		return -ENOMEM;
	protobuf_c_message_pack(message, any.value.data);
	envelope.timestamp = &when;
	envelope.namespace_ = (char *)ev->name_space;
	envelope.topic = (char *)topic;
	envelope.event = &any;
	forward.envelope = &envelope;
	int r = queue_request(ev, &forward);
	free(any.value.data);
	return r;
}

int events_publish(struct events *ev, const char *topic, const char *type, const ProtobufCMessage *message,
		   enum event_need need, struct err *e)
{
	if (!ev->address)
		return 0;
	if (need == EVENT_SPARE && events_are_many(ev)) {
		if (!ev->left_out++)
			log_warn("containerd does not take events: %s and others that it can do without are left out",
				 topic);
		return 0;
	}
	int r = wrap_event(ev, topic, type, message);
	if (r < 0)
		return err_set(e, -r, "publish %s: the event is lost", topic);
	if (!ev->retry.armed)
		send_first(ev);
	return 0;
}

bool events_are_many(const struct events *ev)
{
	return event_queue_bytes(ev->queue) > EVENTS_MANY;
}

bool events_is_flushed(const struct events *ev)
{
	return event_queue_is_empty(ev->queue);
}

void events_close(struct events *ev)
{
	if (ev->connected)
		stream_close(&ev->stream);
	loop_timer_stop(ev->loop, &ev->retry);
	loop_timer_stop(ev->loop, &ev->answer);
}

/* events: see events.h. */
#include "events.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include "base/err.h"
#include "base/fd.h"
#include "events.pb-c.h"
#include "ttrpc.pb-c.h"

#define PAUSE_MIN_NS 50000000LL
#define PAUSE_MAX_NS 2000000000LL

struct event {
	struct event *next;
	void (*delivered)(void *arg, uint32_t serial);
	void *arg;
	uint32_t serial;
	size_t len;
	uint8_t request[]; /* a whole TTRPC request */
};

static void send_first(struct events *ev);

void events_init(struct events *ev, struct loop *l, const char *address, const char *name_space,
		 void (*flushed)(struct events *ev))
{
	*ev = (struct events){ .loop = l, .address = address, .name_space = name_space,
			       .next_stream = 1, .pause_ns = PAUSE_MIN_NS, .flushed = flushed };
	ev->end = &ev->first;
}

/* -- the connection -------------------------------------------------------------------------- */

static void on_retry(struct timer *t)
{
	send_first(LOOP_OWNER(t, struct events, retry));
}

static void try_later(struct events *ev)
{
	ev->sent = false;
	loop_timer(ev->loop, &ev->retry, ev->pause_ns, on_retry);
	ev->pause_ns = ev->pause_ns * 2 < PAUSE_MAX_NS ? ev->pause_ns * 2 : PAUSE_MAX_NS;
}

static void on_gone(struct stream *s)
{
	struct events *ev = LOOP_OWNER(s, struct events, stream);

	ev->connected = false;
	if (ev->first)
		try_later(ev);
}

/* Any answer is one: what containerd refuses today it refuses tomorrow, and others wait behind it. */
static void on_answer(struct stream *s, const struct frame *f, const uint8_t *data)
{
	struct events *ev = LOOP_OWNER(s, struct events, stream);
	struct event *done = ev->first;

	(void)data;
	if (f->type != FRAME_RESPONSE || !ev->sent || f->stream + 2 != ev->next_stream)
		return;
	ev->sent = false;
	ev->pause_ns = PAUSE_MIN_NS;
	ev->first = done->next;
	if (!ev->first)
		ev->end = &ev->first;
	if (done->delivered)
		done->delivered(done->arg, done->serial);
	free(done);
	if (ev->first)
		send_first(ev);
	else
		ev->flushed(ev);
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
	if (ev->sent || !ev->first)
		return;
	if (!events_open_stream(ev)) {
		try_later(ev);
		return;
	}
	ev->sent = true;
	ev->next_stream += 2;
	if (!stream_send(&ev->stream, ev->next_stream - 2, FRAME_REQUEST, ev->first->request,
			 ev->first->len)) {
		ev->connected = false;
		try_later(ev);
	}
}

/* -- making one ------------------------------------------------------------------------------ */

static struct event *pack_request(const struct events *ev, const Events__ForwardRequest *forward)
{
	Ttrpc__KeyValue name_space = TTRPC__KEY_VALUE__INIT, *metadata[] = { &name_space };
	Ttrpc__Request request = TTRPC__REQUEST__INIT;
	size_t len = events__forward_request__get_packed_size(forward);
	uint8_t *payload = malloc(len + 1);
	struct event *event = NULL;

	if (!payload)
		return NULL;
	events__forward_request__pack(forward, payload);
	name_space.key = "containerd-namespace-ttrpc";
	name_space.value = (char *)ev->name_space;
	request.service = "containerd.services.events.ttrpc.v1.Events";
	request.method = "Forward";
	request.payload = (ProtobufCBinaryData){ len, payload };
	request.n_metadata = 1;
	request.metadata = metadata;
	size_t total = ttrpc__request__get_packed_size(&request);
	event = calloc(1, sizeof *event + total);
	if (event) {
		event->len = total;
		ttrpc__request__pack(&request, event->request);
	}
	free(payload);
	return event;
}

int events_publish(struct events *ev, const char *topic, const char *type, const ProtobufCMessage *message,
		   void (*delivered)(void *arg, uint32_t serial), void *arg, uint32_t serial, struct err *e)
{
	Task__Timestamp when = TASK__TIMESTAMP__INIT;
	Task__Any any = TASK__ANY__INIT;
	Events__Envelope envelope = EVENTS__ENVELOPE__INIT;
	Events__ForwardRequest forward = EVENTS__FORWARD_REQUEST__INIT;
	struct timespec now;

	if (!ev->address) {
		if (delivered)
			delivered(arg, serial);
		return 0;
	}
	clock_gettime(CLOCK_REALTIME, &now);
	when.seconds = now.tv_sec;
	when.nanos = (int32_t)now.tv_nsec;
	any.type_url = (char *)type;
	any.value.len = protobuf_c_message_get_packed_size(message);
	any.value.data = malloc(any.value.len + 1);
	if (!any.value.data)
		return err_set(e, ENOMEM, "publish %s", topic);
	protobuf_c_message_pack(message, any.value.data);
	envelope.timestamp = &when;
	envelope.namespace_ = (char *)ev->name_space;
	envelope.topic = (char *)topic;
	envelope.event = &any;
	forward.envelope = &envelope;
	struct event *event = pack_request(ev, &forward);
	free(any.value.data);
	if (!event)
		return err_set(e, ENOMEM, "publish %s", topic);
	event->delivered = delivered;
	event->arg = arg;
	event->serial = serial;
	*ev->end = event;
	ev->end = &event->next;
	if (!ev->retry.armed)
		send_first(ev);
	return 0;
}

bool events_is_flushed(const struct events *ev)
{
	return !ev->first;
}

void events_close(struct events *ev)
{
	if (ev->connected)
		stream_close(&ev->stream);
	loop_timer_stop(ev->loop, &ev->retry);
	for (struct event *event; (event = ev->first);) {
		ev->first = event->next;
		free(event);
	}
}

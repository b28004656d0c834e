/* SPDX-License-Identifier: Apache-2.0 */
/*
 * events: what has happened, delivered to containerd in order, one at a time and acknowledged. What gets no answer
 * is sent again, by the next worker too. While containerd is away it waits; the connection is made anew with growing
 * pauses. The queue has a bound: see events_are_many().
 */
#pragma once

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

#include "event_queue.h"
#include "loop/loop.h"
#include "stream.h"

struct err;

#define EVENTS_MANY ((size_t)1 << 20) /* bytes; the rest of the queue is for the ends of what runs */

struct events {
	struct loop *loop;
	struct event_queue *queue;
	const char *address; /* of containerd's TTRPC socket; NULL: nobody listens */
	const char *name_space;
	struct stream stream;
	bool connected, sent; /* the first one waits for its answer */
	uint32_t next_stream;
	struct timer retry, answer;
	long long pause_ns, answer_ns; /* until it is tried again; how long an answer may take */
	unsigned refusals; /* of the first one, which may be taken later */
	unsigned left_out; /* since there are many */
	void (*flushed)(struct events *ev); /* the queue is empty */
};

/* `queue`: of this worker and those before it. */
void events_init(struct events *ev, struct loop *l, struct event_queue *queue, const char *address,
		 const char *name_space, void (*flushed)(struct events *ev));

/* Sends what the last worker has left. */
void events_resume(struct events *ev);

/* EVENT_SPARE: left out, which is logged, when there are many. */
enum event_need { EVENT_NEEDED, EVENT_SPARE };

/* Queues an event: `topic` "/tasks/start", `type` "containerd.events.TaskStart". -ENOMEM, -ENOSPC. */
int events_publish(struct events *ev, const char *topic, const char *type, const ProtobufCMessage *event,
		   enum event_need need, struct err *e);

/* So many wait that nothing new should be begun: what is left of the queue is for the ends of what runs. */
bool events_are_many(const struct events *ev);

bool events_is_flushed(const struct events *ev);
void events_close(struct events *ev);

/*
 * events: a queue of what has happened, delivered to containerd in order, one at a time and acknowledged. While
 * containerd is away it waits; the connection is made anew with growing pauses. Nothing is dropped.
 */
#pragma once

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

#include "loop/loop.h"
#include "stream.h"

struct err;
struct event;

struct events {
	struct loop *loop;
	const char *address; /* of containerd's TTRPC socket; NULL: nobody listens */
	const char *name_space;
	struct stream stream;
	bool connected, sent; /* the first one waits for its answer */
	uint32_t next_stream;
	struct event *first, **end;
	struct timer retry;
	long long pause_ns;
	void (*flushed)(struct events *ev); /* the queue is empty */
};

void events_init(struct events *ev, struct loop *l, const char *address, const char *name_space,
		 void (*flushed)(struct events *ev));

/*
 * Queues an event: `topic` "/tasks/start", `type` "containerd.events.TaskStart". `delivered` (may be NULL) is
 * called with `arg` and `serial` when containerd has it. -ENOMEM.
 */
int events_publish(struct events *ev, const char *topic, const char *type, const ProtobufCMessage *event,
		   void (*delivered)(void *arg, uint32_t serial), void *arg, uint32_t serial, struct err *e);

bool events_is_flushed(const struct events *ev);
void events_close(struct events *ev);

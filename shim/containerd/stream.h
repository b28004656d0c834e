/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stream: TTRPC frames over a non-blocking stream socket in the loop. What cannot be sent waits in a queue, and
 * reading goes on meanwhile: neither side can hold the other up.
 */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "frame.h"
#include "loop/loop.h"

struct err;

struct stream {
	struct source source;
	struct loop *loop;
	int fd; /* owned */
	struct buf in, out;
	size_t in_done, out_done; /* bytes at the front that are done with */
	uint32_t discard; /* bytes of a frame that is too long */
	bool waits; /* for room to send */
	bool closed;
	/* `data` is good until it returns. A NULL `data` is a frame that was too long and is discarded. */
	void (*frame)(struct stream *s, const struct frame *f, const uint8_t *data);
	/* The other side is gone, or was cut off; the stream has been closed. */
	void (*gone)(struct stream *s);
};

/* Takes `fd`. */
int stream_open(struct stream *s, struct loop *l, int fd,
		void (*frame)(struct stream *s, const struct frame *f, const uint8_t *data),
		void (*gone)(struct stream *s), struct err *e);
void stream_close(struct stream *s);

/* Sends or queues a frame of `head` and `data`. False when the other side is gone or lets too much pile up: the
 * stream is closed then, without a call of `gone`. */
bool stream_send(struct stream *s, uint32_t id, enum frame_type type, const void *data, size_t len);

/* Nothing waits to be sent. */
bool stream_is_flushed(const struct stream *s);

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * event_queue: events that containerd has not acknowledged, in order, in memory that outlives the worker (ledger.h).
 * A ring of bytes. An entry counts from the moment that `tail` is moved, which is done last.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EVENT_QUEUE_BYTES ((size_t)8 << 20) /* a power of two; pages that were never used cost nothing */

struct event_queue {
	uint64_t head, tail; /* bytes taken out and put in so far; empty when head >= tail */
	uint8_t ring[EVENT_QUEUE_BYTES];
};

/* False when there is no room. */
bool event_queue_put(struct event_queue *q, const void *data, uint32_t len);

bool event_queue_is_empty(const struct event_queue *q);

/* How much of it is used. */
size_t event_queue_bytes(const struct event_queue *q);

/* The first one, in memory that the caller frees; NULL: none, or out of memory. */
void *event_queue_first(const struct event_queue *q, uint32_t *ret_len);
void event_queue_drop_first(struct event_queue *q);

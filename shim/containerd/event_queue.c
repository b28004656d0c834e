/* SPDX-License-Identifier: Apache-2.0 */
/* event_queue: see event_queue.h. */
#include "event_queue.h"

#include <stdlib.h>
#include <string.h>

static void ring_write(struct event_queue *q, uint64_t at, const void *data, size_t len)
{
	size_t from = at % EVENT_QUEUE_BYTES, first = EVENT_QUEUE_BYTES - from;

	if (first > len)
		first = len;
	memcpy(q->ring + from, data, first);
	memcpy(q->ring, (const uint8_t *)data + first, len - first);
}

static void ring_read(const struct event_queue *q, uint64_t at, void *data, size_t len)
{
	size_t from = at % EVENT_QUEUE_BYTES, first = EVENT_QUEUE_BYTES - from;

	if (first > len)
		first = len;
	memcpy(data, q->ring + from, first);
	memcpy((uint8_t *)data + first, q->ring, len - first);
}

static void move(uint64_t *end, uint64_t to)
{
	__atomic_store_n(end, to, __ATOMIC_RELEASE);
}

bool event_queue_is_empty(const struct event_queue *q)
{
	return q->head >= q->tail;
}

size_t event_queue_bytes(const struct event_queue *q)
{
	return event_queue_is_empty(q) ? 0 : (size_t)(q->tail - q->head);
}

bool event_queue_put(struct event_queue *q, const void *data, uint32_t len)
{
	if (sizeof len + len > EVENT_QUEUE_BYTES - event_queue_bytes(q))
		return false;
	if (event_queue_is_empty(q)) { /* the same pages again; empty in between as well */
		move(&q->tail, 0);
		move(&q->head, 0);
	}
	ring_write(q, q->tail, &len, sizeof len);
	ring_write(q, q->tail + sizeof len, data, len);
	move(&q->tail, q->tail + sizeof len + len);
	return true;
}

void *event_queue_first(const struct event_queue *q, uint32_t *ret_len)
{
	void *data;

	if (event_queue_is_empty(q))
		return NULL;
	ring_read(q, q->head, ret_len, sizeof *ret_len);
	data = malloc((size_t)*ret_len + 1);
	if (data)
		ring_read(q, q->head + sizeof *ret_len, data, *ret_len);
	return data;
}

void event_queue_drop_first(struct event_queue *q)
{
	uint32_t len;

	ring_read(q, q->head, &len, sizeof len);
	move(&q->head, q->head + sizeof len + len);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * frame: TTRPC's framing, byte by byte: no sockets, no protobuf. A frame is a header of 10 bytes (length and
 * stream, big endian; type; flags) and up to 4 MiB of data.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define FRAME_HEADER 10
#define FRAME_DATA_MAX (4u << 20)

enum frame_type { FRAME_REQUEST = 1, FRAME_RESPONSE = 2, FRAME_DATA = 3 };

struct frame {
	uint32_t length; /* of the data behind the header */
	uint32_t stream;
	uint8_t type, flags;
};

/* Reads a header. Any 10 bytes are one: what they say is the caller's to check. */
void frame_get(const uint8_t header[static FRAME_HEADER], struct frame *ret);

void frame_put(const struct frame *f, uint8_t ret[static FRAME_HEADER]);

/*
 * Cuts a stream into frames. Give it what has been received so far; it says what to do next:
 * FRAME_MORE (receive more), FRAME_READY (`ret` and *ret_data, pointing into `in`, are good; *ret_used bytes
 * are done with), FRAME_TOO_LONG (the header says more than FRAME_DATA_MAX: *ret_used is the header's
 * length, the caller discards ret->length bytes).
 */
enum frame_step { FRAME_MORE, FRAME_READY, FRAME_TOO_LONG };
enum frame_step frame_next(const uint8_t *in, size_t len, struct frame *ret, const uint8_t **ret_data,
			   size_t *ret_used);

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dbus_message: messages of the D-Bus protocol as bytes: writing method calls, reading what comes back. Pure. Only
 * what a client of systemd needs: this machine's byte order, and of the types those that its calls have.
 * https://dbus.freedesktop.org/doc/dbus-specification.html, "Message Protocol".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct err;

enum dbus_type { DBUS_CALL = 1, DBUS_RETURN = 2, DBUS_ERROR = 3, DBUS_SIGNAL = 4 };

/* -- writing: into a body (or a header) that starts at a multiple of 8 -- */

void dbus_put_u32(struct buf *b, uint32_t v); /* also a boolean */
void dbus_put_u64(struct buf *b, uint64_t v);
void dbus_put_string(struct buf *b, const char *s); /* also an object's path */
void dbus_put_signature(struct buf *b, const char *s);
void dbus_put_struct(struct buf *b); /* what follows is in it; it has no end of its own */

/* An array's elements come between the two; `align` is what they are aligned to, `begun` what the first gave. */
size_t dbus_begin_array(struct buf *b, size_t align);
void dbus_end_array(struct buf *b, size_t begun, size_t align);

struct dbus_call {
	const char *destination, *path, *interface, *member;
	const char *signature; /* of the body, NULL = no body */
	const struct buf *body; /* borrowed */
};

/* Appends the whole message. */
void dbus_put_call(struct buf *out, const struct dbus_call *c, uint32_t serial);

/* -- reading -- */

/* The fixed part of a header, from which the length of a message is known. */
#define DBUS_FIXED_BYTES ((size_t)16)

/* A part of a message. Reading beyond its end, or what is none, sets `failed`; then all values are 0 and "". */
struct dbus_reader {
	const uint8_t *data;
	size_t len, pos;
	bool failed;
};

uint32_t dbus_get_u32(struct dbus_reader *r);
const char *dbus_get_string(struct dbus_reader *r); /* also an object's path; borrowed from the data */
const char *dbus_get_signature(struct dbus_reader *r);

struct dbus_message {
	enum dbus_type type;
	uint32_t reply_serial; /* 0 = not an answer */
	const char *path, *interface, *member, *error, *signature; /* "" = not there; borrowed from the data */
	struct dbus_reader body;
};

/* How long the message is that begins with these DBUS_FIXED_BYTES, and its part before the body. -EPROTO when it is
 * none, or longer than the protocol allows. */
int dbus_message_length(const uint8_t *data, size_t *ret_header, size_t *ret_whole, struct err *e);

/* Of a body that is longer, `len` may hold the beginning: it reads as one that ends there. -EPROTO. */
int dbus_message_read(const uint8_t *data, size_t len, struct dbus_message *ret, struct err *e);

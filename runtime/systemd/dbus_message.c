/* SPDX-License-Identifier: Apache-2.0 */
/* dbus_message: see dbus_message.h. Must bound every length before it is used: what is read may be anybody's. */
#include "systemd/dbus_message.h"

#include <string.h>

#include "base/err.h"

#define VERSION 1
#define FIELDS_MAX_BYTES ((uint32_t)1 << 26) /* the protocol's limits */
#define MESSAGE_MAX_BYTES ((size_t)1 << 27)

static const char byte_order = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 'l' : 'B';

enum field { FIELD_PATH = 1, FIELD_INTERFACE, FIELD_MEMBER, FIELD_ERROR, FIELD_REPLY_SERIAL, FIELD_DESTINATION,
	     FIELD_SENDER, FIELD_SIGNATURE };

/* -- writing --------------------------------------------------------------------------------- */

static void pad(struct buf *b, size_t align)
{
	static const char zeros[8];

	buf_put(b, zeros, -b->len & (align - 1));
}

void dbus_put_u32(struct buf *b, uint32_t v)
{
	pad(b, sizeof v);
	buf_put(b, &v, sizeof v);
}

void dbus_put_u64(struct buf *b, uint64_t v)
{
	pad(b, sizeof v);
	buf_put(b, &v, sizeof v);
}

void dbus_put_string(struct buf *b, const char *s)
{
	dbus_put_u32(b, (uint32_t)strlen(s));
	buf_put(b, s, strlen(s) + 1);
}

void dbus_put_signature(struct buf *b, const char *s)
{
	uint8_t len = (uint8_t)strlen(s);

	buf_put(b, &len, 1);
	buf_put(b, s, (size_t)len + 1);
}

void dbus_put_struct(struct buf *b)
{
	pad(b, 8);
}

size_t dbus_begin_array(struct buf *b, size_t align)
{
	dbus_put_u32(b, 0);
	size_t at = b->len - sizeof(uint32_t);
	pad(b, align);
	return at;
}

/* The padding before the first element does not count. */
void dbus_end_array(struct buf *b, size_t at, size_t align)
{
	size_t first = (at + sizeof(uint32_t) + align - 1) & ~(align - 1);
	uint32_t len = (uint32_t)(b->len - first);

	if (!b->failed)
		memcpy(b->data + at, &len, sizeof len);
}

static void dbus_message_put_field(struct buf *b, enum field code, const char *type, const char *value)
{
	uint8_t byte = (uint8_t)code;

	if (!value)
		return;
	dbus_put_struct(b);
	buf_put(b, &byte, 1);
	dbus_put_signature(b, type);
	if (*type == 'g')
		dbus_put_signature(b, value);
	else
		dbus_put_string(b, value);
}

void dbus_put_call(struct buf *out, const struct dbus_call *c, uint32_t serial)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	size_t body_len = c->signature ? c->body->len : 0;
	const char start[4] = { byte_order, DBUS_CALL, 0, VERSION };

	buf_put(&b, start, sizeof start);
	dbus_put_u32(&b, (uint32_t)body_len);
	dbus_put_u32(&b, serial);
	size_t fields = dbus_begin_array(&b, 8);
	dbus_message_put_field(&b, FIELD_PATH, "o", c->path);
	dbus_message_put_field(&b, FIELD_INTERFACE, "s", c->interface);
	dbus_message_put_field(&b, FIELD_MEMBER, "s", c->member);
	dbus_message_put_field(&b, FIELD_DESTINATION, "s", c->destination);
	dbus_message_put_field(&b, FIELD_SIGNATURE, "g", c->signature);
	dbus_end_array(&b, fields, 8);
	pad(&b, 8);
	if (body_len)
		buf_put(&b, c->body->data, body_len);
	buf_put(out, b.data, b.len);
	out->failed |= b.failed || (c->body && c->body->failed);
}

/* -- reading --------------------------------------------------------------------------------- */

/* `size` bytes at the next multiple of `align`, NULL beyond the end. */
static const uint8_t *dbus_message_take(struct dbus_reader *r, size_t size, size_t align)
{
	size_t at = (r->pos + align - 1) & ~(align - 1);

	if (r->failed || at > r->len || size > r->len - at) {
		r->failed = true;
		return NULL;
	}
	r->pos = at + size;
	return r->data + at;
}

uint32_t dbus_get_u32(struct dbus_reader *r)
{
	const uint8_t *at = dbus_message_take(r, sizeof(uint32_t), sizeof(uint32_t));
	uint32_t v = 0;

	if (at)
		memcpy(&v, at, sizeof v);
	return v;
}

static uint8_t get_byte(struct dbus_reader *r)
{
	const uint8_t *at = dbus_message_take(r, 1, 1);

	return at ? *at : 0;
}

/* With its NUL, the first and only one. */
static const char *get_text(struct dbus_reader *r, size_t len)
{
	const char *text = len < r->len ? (const char *)dbus_message_take(r, len + 1, 1) : NULL;

	if (!text || memchr(text, '\0', len + 1) != text + len) {
		r->failed = true;
		return "";
	}
	return text;
}

const char *dbus_get_string(struct dbus_reader *r)
{
	return get_text(r, dbus_get_u32(r));
}

const char *dbus_get_signature(struct dbus_reader *r)
{
	return get_text(r, get_byte(r));
}

/* What a header's field that we do not know may hold: one of the simple types. */
static void skip_value(struct dbus_reader *r, char type)
{
	static const struct {
		char type;
		uint8_t size;
	} sizes[] = { { 'y', 1 }, { 'b', 4 }, { 'n', 2 }, { 'q', 2 }, { 'i', 4 }, { 'u', 4 },
		      { 'x', 8 }, { 't', 8 }, { 'd', 8 }, { 'h', 4 } };

	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
		if (sizes[i].type == type) {
			dbus_message_take(r, sizes[i].size, sizes[i].size);
			return;
		}
	if (type == 's' || type == 'o')
		dbus_get_string(r);
	else if (type == 'g')
		dbus_get_signature(r);
	else
		r->failed = true;
}

static const char **dbus_message_text_of(struct dbus_message *m, uint8_t code)
{
	switch (code) {
	case FIELD_PATH: return &m->path;
	case FIELD_INTERFACE: return &m->interface;
	case FIELD_MEMBER: return &m->member;
	case FIELD_ERROR: return &m->error;
	default: return NULL;
	}
}

static void read_field(struct dbus_reader *r, struct dbus_message *m)
{
	dbus_message_take(r, 0, 8);
	uint8_t code = get_byte(r);
	const char *type = dbus_get_signature(r), **text = dbus_message_text_of(m, code);

	/* A simple type is one letter. */
	if (r->failed || !type[0] || type[1])
		r->failed = true;
	else if (text && (*type == 's' || *type == 'o'))
		*text = dbus_get_string(r);
	else if (code == FIELD_SIGNATURE && *type == 'g')
		m->signature = dbus_get_signature(r);
	else if (code == FIELD_REPLY_SERIAL && *type == 'u')
		m->reply_serial = dbus_get_u32(r);
	else
		skip_value(r, *type);
}

static uint32_t u32_at(const uint8_t *data, size_t at)
{
	uint32_t v;

	memcpy(&v, data + at, sizeof v);
	return v;
}

int dbus_message_length(const uint8_t *data, size_t *ret_header, size_t *ret_whole, struct err *e)
{
	uint32_t body = u32_at(data, 4), fields = u32_at(data, 12);

	if (data[0] != byte_order || data[3] != VERSION)
		return err_msg(e, EPROTO, "not a D-Bus message of this machine's byte order");
	if (fields > FIELDS_MAX_BYTES || body > MESSAGE_MAX_BYTES)
		return err_msg(e, EPROTO, "a D-Bus message of %u bytes and a header of %u", body, fields);
	*ret_header = (DBUS_FIXED_BYTES + fields + 7) & ~(size_t)7;
	*ret_whole = *ret_header + body;
	return 0;
}

int dbus_message_read(const uint8_t *data, size_t len, struct dbus_message *ret, struct err *e)
{
	size_t header, whole;

	if (len < DBUS_FIXED_BYTES)
		return err_msg(e, EPROTO, "a D-Bus message is cut off");
	int result = dbus_message_length(data, &header, &whole, e);
	if (result < 0)
		return result;
	if (header > len)
		return err_msg(e, EPROTO, "a D-Bus message's header is cut off");
	*ret = (struct dbus_message){ .type = data[1], .path = "", .interface = "", .member = "", .error = "",
				      .signature = "" };
	struct dbus_reader r = { data, DBUS_FIXED_BYTES + u32_at(data, 12), DBUS_FIXED_BYTES, false };
	while (!r.failed && r.pos < r.len)
		read_field(&r, ret);
	if (r.failed)
		return err_msg(e, EPROTO, "a D-Bus message's header is not well-formed");
	ret->body = (struct dbus_reader){ data + header, (whole < len ? whole : len) - header, 0, false };
	return 0;
}

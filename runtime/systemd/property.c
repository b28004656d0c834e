/* SPDX-License-Identifier: Apache-2.0 */
/* property: see property.h. */
#include "systemd/property.h"

#include "base/arena.h"
#include "systemd/dbus_message.h"

void systemd_add(struct systemd_properties *p, struct systemd_property v)
{
	struct systemd_property *grown = arena_grow(p->arena, p->v, p->n, sizeof *grown);

	if (!grown) {
		p->failed = true;
		return;
	}
	p->v = grown;
	p->v[p->n++] = v;
}

static void put_string(struct buf *b, const struct systemd_property *p)
{
	dbus_put_string(b, p->data);
}

static void put_bool(struct buf *b, const struct systemd_property *p)
{
	dbus_put_u32(b, p->number != 0);
}

static void put_u64(struct buf *b, const struct systemd_property *p)
{
	dbus_put_u64(b, p->number);
}

static void put_u32s(struct buf *b, const struct systemd_property *p)
{
	size_t at = dbus_begin_array(b, 4);

	for (size_t i = 0; i < p->n; i++)
		dbus_put_u32(b, ((const uint32_t *)p->data)[i]);
	dbus_end_array(b, at, 4);
}

static void property_put_bytes(struct buf *b, const struct systemd_property *p)
{
	size_t at = dbus_begin_array(b, 1);

	buf_put(b, p->data, p->n);
	dbus_end_array(b, at, 1);
}

static const struct {
	const char *signature;
	void (*put)(struct buf *b, const struct systemd_property *p);
} types[] = {
	[SYSTEMD_STRING] = { "s", put_string }, [SYSTEMD_BOOL] = { "b", put_bool },
	[SYSTEMD_U64] = { "t", put_u64 },	[SYSTEMD_U32S] = { "au", put_u32s },
	[SYSTEMD_BYTES] = { "ay", property_put_bytes },
};

void systemd_put_properties(struct buf *b, const struct systemd_properties *p)
{
	size_t at = dbus_begin_array(b, 8);

	for (size_t i = 0; i < p->n; i++) {
		dbus_put_struct(b);
		dbus_put_string(b, p->v[i].name);
		dbus_put_signature(b, types[p->v[i].type].signature);
		types[p->v[i].type].put(b, &p->v[i]);
	}
	dbus_end_array(b, at, 8);
}

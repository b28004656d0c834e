/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table: decoding by rows, see table.h. json events drive a stack of frames, one an open struct,
 * list or map; the row says where a value goes. What no row names is skipped unseen.
 * Must not know any particular document.
 */
#include "table.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "fault.h"
#include "json.h"
#include "names.h"
#include "oci.h"
#include "spec.h"
#include "table_types.h"

#define PATH_SIZE 512
#define STRING_POOL_BYTES 2048
/* What a document may take when decoded; 16 MiB of the most wasteful kind need more. */
#define MEMORY_MAX ((size_t)256 << 20)

enum frame_kind { IN_STRUCT, IN_LIST, IN_MAP };

struct frame {
	enum frame_kind kind;
	const struct table *table; /* IN_STRUCT */
	const struct field *field; /* the row being filled; IN_STRUCT: NULL for an unknown key */
	char *base;                /* the struct, or the list or map member */
	uint64_t seen;             /* IN_STRUCT: rows that had a value */
	unsigned next;             /* IN_STRUCT: the row that is likely to come next */
	bool is_tuple;             /* IN_STRUCT: that comes next */
	char *key;                 /* IN_MAP: of the value to come */
	size_t offset;             /* in the text, of the opening bracket */
};

struct decoder {
	struct fault_sink *sink;
	struct json_reader *reader;
	const struct json_event *ev;
	struct frame frames[SPEC_MAX_DEPTH + 1];
	int depth; /* frames in use */
	const struct table *root_table;
	void *root;
	char *pool; /* where short strings are put side by side */
	size_t pool_left;
};

static struct frame *table_top(struct decoder *d)
{
	return &d->frames[d->depth - 1];
}

static int no_memory(struct decoder *d)
{
	return err_set(d->sink->e, ENOMEM, "decode %s", d->sink->name);
}

/* The path of the value that the decoder is at. */
static void current_path(const struct decoder *d, char *path)
{
	char index[24];

	*path = '\0';
	for (int i = 0; i < d->depth; i++) {
		const struct frame *f = &d->frames[i];
		if (f->kind == IN_STRUCT && f->field)
			fault_path_add(path, PATH_SIZE, f->field->name, f->field->name_len);
		else if (f->kind == IN_MAP && f->key)
			fault_path_add(path, PATH_SIZE, f->key, strlen(f->key));
		else if (f->kind == IN_LIST)
			fault_path_add(path, PATH_SIZE, index,
				       (size_t)snprintf(index, sizeof index, "%zu",
							((oci_strings *)f->base)->n - 1));
	}
}

static int fault_here(struct decoder *d, const char *text)
{
	char path[PATH_SIZE];

	current_path(d, path);
	return fault_add(d->sink, json_offset(d->reader, d->ev), path, "%s", text);
}

static bool is_container(const struct json_event *ev)
{
	return ev->type == JSON_OBJECT || ev->type == JSON_ARRAY;
}

/* The value is not what the row says. */
static int table_refuse(struct decoder *d, const char *text)
{
	if (is_container(d->ev))
		json_skip(d->reader);
	return fault_here(d, text);
}

static int wrong_type(struct decoder *d, const char *expected)
{
	static const char *const found[] = { "null", "a boolean", "a number", "a string",
					     "an object", "an array" };
	char text[80];

	snprintf(text, sizeof text, "expected %s, found %s", expected, found[d->ev->type]);
	return table_refuse(d, text);
}

static char *keep_string(struct decoder *d, const char *s, size_t len)
{
	if (len >= STRING_POOL_BYTES / 4)
		return arena_strndup(d->sink->arena, s, len);
	if (len >= d->pool_left) {
		d->pool = arena_alloc(d->sink->arena, STRING_POOL_BYTES);
		d->pool_left = d->pool ? STRING_POOL_BYTES : 0;
		if (!d->pool)
			return NULL;
	}
	char *kept = memcpy(d->pool, s, len); /* what follows is zero already */
	d->pool += len + 1;
	d->pool_left -= len + 1;
	return kept;
}

static int push(struct decoder *d, struct frame frame)
{
	if (d->sink->arena->total_bytes > MEMORY_MAX)
		return err_msg(d->sink->e, EFBIG, "%s: takes more than %zu MiB when decoded",
			       d->sink->name, MEMORY_MAX >> 20);
	frame.offset = json_offset(d->reader, d->ev);
	d->frames[d->depth++] = frame;
	return 0;
}

static int decode_object(struct decoder *d, const struct field *f, char *dst)
{
	const struct table *t = table_get(f->sub);
	bool is_tuple = f->flags & FIELD_TUPLE;

	if (d->ev->type != (is_tuple ? JSON_ARRAY : JSON_OBJECT))
		return wrong_type(d, is_tuple ? "array" : "object");
	if ((f->type & FIELD_SHAPES) == FIELD_OPT) {
		char *fresh = arena_alloc(d->sink->arena, t->size);
		if (!fresh)
			return no_memory(d);
		memcpy(dst, &fresh, sizeof fresh);
		dst = fresh;
	}
	return push(d, (struct frame){ .kind = IN_STRUCT, .table = t, .base = dst, .is_tuple = is_tuple });
}

static int unknown_value(struct decoder *d)
{
	char text[80];

	snprintf(text, sizeof text, "unknown value \"%.*s\"",
		 (int)(d->ev->len < 50 ? d->ev->len : 50), d->ev->text);
	return fault_here(d, text);
}

static int decode_string(struct decoder *d, const struct field *f, char *dst, bool element)
{
	const struct json_event *ev = d->ev;

	if (ev->type != JSON_STRING)
		return wrong_type(d, "string");
	if (!ev->len && !element)
		return f->flags & FIELD_REQUIRED ? fault_here(d, "must not be empty") : 0;
	if (f->sub && !names_find(f->sub, ev->text, ev->len))
		return unknown_value(d);
	char *s = keep_string(d, ev->text, ev->len);
	if (!s)
		return no_memory(d);
	memcpy(dst, &s, sizeof s);
	return 0;
}

static int decode_enum(struct decoder *d, const struct field *f, char *dst)
{
	if (d->ev->type != JSON_STRING)
		return wrong_type(d, "string");
	const struct name *name = names_find(f->sub, d->ev->text, d->ev->len);
	int v = name ? name->value : -1; /* not 0: that is a name's value */
	memcpy(dst, &v, sizeof v);
	return name ? 0 : unknown_value(d);
}

/* One value that is no container into memory that the row's type fits. */
static int decode_scalar(struct decoder *d, const struct field *f, char *dst, bool element)
{
	enum field_type type = f->type & ~FIELD_SHAPES;
	char why[100];

	if (type == FIELD_STRING)
		return decode_string(d, f, dst, element);
	if (type == FIELD_ENUM)
		return decode_enum(d, f, dst);
	if (type == FIELD_BOOL) {
		if (d->ev->type != JSON_BOOL)
			return wrong_type(d, "boolean");
		memcpy(dst, &d->ev->on, sizeof d->ev->on);
		return 0;
	}
	if (d->ev->type != JSON_NUMBER)
		return wrong_type(d, "integer");
	if (!table_parse_integer(f, d->ev->text, d->ev->len, dst, why, sizeof why))
		return fault_here(d, why);
	return 0;
}

static int decode_one(struct decoder *d, const struct field *f, char *dst, bool element)
{
	if ((f->type & ~FIELD_SHAPES) == FIELD_OBJECT)
		return decode_object(d, f, dst);
	if ((f->type & FIELD_SHAPES) == FIELD_OPT) {
		*(bool *)dst = true;
		dst += table_type_size(f->type & ~FIELD_SHAPES, 0); /* `v` behind its padding */
	}
	return decode_scalar(d, f, dst, element);
}

/* A value below a key of a struct. */
/* An empty list is told from one that is not there by its pointer. All OCI_ARRAYs look the same but for the type. */
static void give_place(void *list)
{
	static char none[1];
	OCI_ARRAY(char) *l = list;

	if (!l->v)
		l->v = none;
}

static int decode_member(struct decoder *d, struct frame *f)
{
	const struct field *field = f->field;
	enum field_shape shape;

	if (!field) {
		if (is_container(d->ev))
			json_skip(d->reader);
		return 0;
	}
	if (d->ev->type == JSON_NULL)
		return 0;
	f->seen |= 1ULL << (field - f->table->fields);
	shape = field->type & FIELD_SHAPES;
	if (shape != FIELD_LIST && shape != FIELD_MAP)
		return decode_one(d, field, f->base + field->offset, false);
	if (d->ev->type != (shape == FIELD_LIST ? JSON_ARRAY : JSON_OBJECT))
		return wrong_type(d, shape == FIELD_LIST ? "array" : "object");
	give_place(f->base + field->offset);
	return push(d, (struct frame){ .kind = shape == FIELD_LIST ? IN_LIST : IN_MAP,
				       .field = field, .base = f->base + field->offset });
}

/* Makes room for one more element, zeroed. All OCI_ARRAYs look the same but for the type. */
static char *table_append(struct decoder *d, void *list, size_t size)
{
	OCI_ARRAY(char) *l = list;
	char *v = arena_grow(d->sink->arena, l->v, l->n, size);

	if (!v)
		return NULL;
	l->v = v;
	return v + l->n++ * size;
}

/* An element of a list of enums that may hold names this build does not know. */
static int decode_lenient(struct decoder *d, const struct frame *f)
{
	char *parent = d->frames[d->depth - 2].base;

	if (d->ev->type != JSON_STRING || names_find(f->field->sub, d->ev->text, d->ev->len))
		return 0;
	char **slot = (char **)table_append(d, parent + f->field->max, sizeof *slot);
	if (!slot || !(*slot = keep_string(d, d->ev->text, d->ev->len)))
		return no_memory(d);
	return 1;
}

static int decode_element(struct decoder *d, struct frame *f)
{
	/* What a refused string leaves behind when faults are collected: those who look at the rest
	 * find no hole, the right indexes, and nothing that breaks a rule of its own. */
	static const char *const stand_in = "/";
	const struct field *field = f->field;
	enum field_type type = field->type & ~FIELD_SHAPES;
	size_t size = table_type_size(type, field->sub);
	bool pair = f->kind == IN_MAP && type != FIELD_OBJECT;

	if (field->flags & FIELD_LENIENT) {
		int taken = decode_lenient(d, f);
		if (taken)
			return taken < 0 ? taken : 0;
	}
	char *slot = table_append(d, f->base, pair ? sizeof(struct oci_pair) : size);
	if (!slot)
		return no_memory(d);
	if (f->kind == IN_MAP)
		memcpy(slot, &f->key, sizeof f->key);
	if (pair)
		slot += offsetof(struct oci_pair, value);
	if (type == FIELD_STRING)
		memcpy(slot, &stand_in, sizeof stand_in);
	return decode_one(d, field, slot, true);
}

static const struct field *find_field(struct frame *f, const char *name, size_t len)
{
	const struct table *t = f->table;

	for (unsigned i = 0, at = f->next; i < t->n; i++, at++) {
		if (at >= t->n)
			at -= t->n;
		if (t->fields[at].name_len == len && !memcmp(t->fields[at].name, name, len)) {
			f->next = at + 1;
			return &t->fields[at];
		}
	}
	return NULL;
}

static void next_field(struct frame *f)
{
	f->field = f->next < f->table->n ? &f->table->fields[f->next++] : NULL;
}

static int on_key(struct decoder *d, struct frame *f)
{
	const struct json_event *ev = d->ev;

	if (f->kind == IN_STRUCT) {
		f->field = find_field(f, ev->text, ev->len);
		if (ev->duplicate && !f->field) {
			char path[PATH_SIZE];
			current_path(d, path);
			fault_path_add(path, sizeof path, ev->text, ev->len);
			return fault_add(d->sink, json_offset(d->reader, ev), path,
					 "duplicate key");
		}
	} else {
		f->key = keep_string(d, ev->text, ev->len);
		if (!f->key)
			return no_memory(d);
	}
	return ev->duplicate ? fault_here(d, "duplicate key") : 0;
}

static int on_table_end(struct decoder *d)
{
	struct frame f = *table_top(d);
	int r = 0;

	d->depth--;
	for (unsigned i = 0; f.kind == IN_STRUCT && i < f.table->n && r == 0; i++) {
		const struct field *field = &f.table->fields[i];
		if (!(field->flags & FIELD_REQUIRED) || f.seen >> i & 1)
			continue;
		char path[PATH_SIZE];
		current_path(d, path);
		fault_path_add(path, sizeof path, field->name, field->name_len);
		r = fault_add(d->sink, f.offset, path, "required, but missing");
	}
	return r;
}

static int on_root(struct decoder *d)
{
	if (d->ev->type != JSON_OBJECT)
		return wrong_type(d, "object");
	return push(d, (struct frame){ .kind = IN_STRUCT, .table = d->root_table,
				       .base = d->root });
}

static int on_table_event(void *ctx, struct json_reader *r, const struct json_event *ev)
{
	struct decoder *d = ctx;

	d->reader = r;
	d->ev = ev;
	if (!d->depth)
		return on_root(d);
	if (ev->type == JSON_KEY)
		return on_key(d, table_top(d));
	if (ev->type == JSON_END)
		return on_table_end(d);
	if (table_top(d)->is_tuple)
		next_field(table_top(d));
	return table_top(d)->kind == IN_STRUCT ? decode_member(d, table_top(d)) : decode_element(d, table_top(d));
}

int table_decode(const struct table *t, void *dst, struct fault_sink *sink)
{
	struct decoder d = { .sink = sink, .root_table = t, .root = dst };
	struct json_fault why;
	int r = json_read(sink->text, sink->len, on_table_event, &d, &why);

	if (r == -ENOMEM)
		return no_memory(&d);
	if (r == -EFBIG && *why.text)
		return err_msg(sink->e, EFBIG, "%s: %s", sink->name, why.text);
	if (*why.text) {
		sink->broken = true;
		r = fault_add(sink, why.offset, "", "%s", why.text);
	}
	return r < 0 ? r : fault_result(sink);
}

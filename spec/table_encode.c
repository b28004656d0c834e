/* SPDX-License-Identifier: Apache-2.0 */
/* table_encode: writing structs by their rows, see table.h. */
#include <stdbool.h>
#include <string.h>

#include "json.h"
#include "names.h"
#include "oci.h"
#include "table_types.h"

typedef OCI_ARRAY(const char) any_array; /* every OCI_ARRAY looks like this */

static bool is_zero(const char *p, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (p[i])
			return false;
	return true;
}

static bool is_absent(const struct field *f, const char *p);

static bool all_absent(const struct table *t, const char *src)
{
	for (unsigned i = 0; i < t->n; i++)
		if (!is_absent(&t->fields[i], src + t->fields[i].offset))
			return false;
	return true;
}

static bool is_absent(const struct field *f, const char *p)
{
	enum field_type type = f->type & ~FIELD_SHAPES;

	if (f->type == (FIELD_OPT | FIELD_OBJECT))
		return is_zero(p, sizeof(void *));
	if (f->flags & (FIELD_REQUIRED | FIELD_ALWAYS))
		return false;
	switch ((enum field_shape)(f->type & FIELD_SHAPES)) {
	case FIELD_LIST:
	case FIELD_MAP:
		return !((const any_array *)p)->n;
	case FIELD_OPT:
		return !*(const bool *)p;
	default:
		if (type == FIELD_OBJECT)
			return all_absent(table_get(f->sub), p);
		return is_zero(p, table_type_size(type, f->sub));
	}
}

static void encode_tuple(const struct table *t, const void *src, struct json_out *out);

static void encode_one(const struct field *f, const char *p, struct json_out *out)
{
	union {
		bool on;
		int32_t i32;
		int64_t i64;
		uint32_t u32;
		uint64_t u64;
		char *string;
	} v;
	enum field_type type = f->type & ~FIELD_SHAPES;

	if (type == FIELD_OBJECT) {
		(f->flags & FIELD_TUPLE ? encode_tuple : table_encode)(table_get(f->sub), p, out);
		return;
	}
	memcpy(&v, p, table_type_size(type, f->sub));
	switch (type) {
	case FIELD_BOOL:
		json_bool(out, v.on);
		break;
	case FIELD_I32:
		json_i64(out, v.i32);
		break;
	case FIELD_I64:
		json_i64(out, v.i64);
		break;
	case FIELD_U32:
		json_u64(out, v.u32);
		break;
	case FIELD_U64:
		json_u64(out, v.u64);
		break;
	case FIELD_ENUM:
		json_string(out, names_of(f->sub, v.i32));
		break;
	default:
		json_string(out, v.string ? v.string : "");
	}
}

static void encode_tuple(const struct table *t, const void *src, struct json_out *out)
{
	json_begin_array(out);
	for (unsigned i = 0; i < t->n; i++)
		encode_one(&t->fields[i], (const char *)src + t->fields[i].offset, out);
	json_end_array(out);
}

static void encode_list(const struct field *f, const any_array *list, struct json_out *out)
{
	size_t size = table_type_size(f->type & ~FIELD_SHAPES, f->sub);

	json_begin_array(out);
	for (size_t i = 0; i < list->n; i++)
		encode_one(f, list->v + i * size, out);
	json_end_array(out);
}

static void encode_map(const struct field *f, const any_array *map, struct json_out *out)
{
	enum field_type type = f->type & ~FIELD_SHAPES;
	bool pair = type != FIELD_OBJECT;
	size_t size = pair ? sizeof(struct oci_pair) : table_type_size(type, f->sub);

	json_begin_object(out);
	for (size_t i = 0; i < map->n; i++) {
		const char *slot = map->v + i * size, *key;
		memcpy(&key, slot, sizeof key);
		json_key(out, key);
		encode_one(f, pair ? slot + offsetof(struct oci_pair, value) : slot, out);
	}
	json_end_object(out);
}

static void encode_field(const struct field *f, const char *p, struct json_out *out)
{
	const char *target;

	json_key(out, f->name);
	switch ((enum field_shape)(f->type & FIELD_SHAPES)) {
	case FIELD_LIST:
		encode_list(f, (const any_array *)p, out);
		break;
	case FIELD_MAP:
		encode_map(f, (const any_array *)p, out);
		break;
	case FIELD_OPT:
		if ((f->type & ~FIELD_SHAPES) == FIELD_OBJECT) {
			memcpy(&target, p, sizeof target);
			encode_one(f, target, out);
		} else {
			encode_one(f, p + table_type_size(f->type & ~FIELD_SHAPES, 0), out);
		}
		break;
	default:
		encode_one(f, p, out);
	}
}

void table_encode(const struct table *t, const void *src, struct json_out *out)
{
	json_begin_object(out);
	for (unsigned i = 0; i < t->n; i++) {
		const char *p = (const char *)src + t->fields[i].offset;
		if (!is_absent(&t->fields[i], p))
			encode_field(&t->fields[i], p, out);
	}
	json_end_object(out);
}

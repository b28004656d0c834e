/* SPDX-License-Identifier: Apache-2.0 */
/* table_types: see table_types.h. */
#include "table_types.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct {
	char name[8];
	uint8_t size;
	int64_t min;
	uint64_t max;
} types[FIELD_TYPES] = {
	[FIELD_BOOL] = { "boolean", 1, 0, 0 },
	[FIELD_I32] = { "integer", 4, INT32_MIN, INT32_MAX },
	[FIELD_I64] = { "integer", 8, INT64_MIN, INT64_MAX },
	[FIELD_U32] = { "integer", 4, 0, UINT32_MAX },
	[FIELD_U64] = { "integer", 8, 0, UINT64_MAX },
	[FIELD_STRING] = { "string", 8, 0, 0 },
	[FIELD_ENUM] = { "string", 4, 0, 0 },
	[FIELD_OBJECT] = { "object", 0, 0, 0 },
};

size_t table_type_size(enum field_type type, unsigned sub)
{
	return type == FIELD_OBJECT ? table_get(sub)->size : types[type].size;
}

const char *table_type_name(enum field_type type)
{
	return types[type].name;
}

void table_range(const struct field *f, int64_t *ret_min, uint64_t *ret_max)
{
	enum field_type type = f->type & ~FIELD_SHAPES;
	bool own = f->min || f->max;

	*ret_min = own ? f->min : types[type].min;
	*ret_max = own ? f->max : types[type].max;
}

/* Sign and digits alone; no point and no exponent, as a fraction must not be cut in silence. */
static bool table_types_parse(const char *s, size_t len, bool *ret_minus, uint64_t *ret, bool *ret_overflow)
{
	*ret_minus = len && *s == '-';
	*ret_overflow = false;
	*ret = 0;
	for (size_t i = *ret_minus; i < len; i++) {
		if (s[i] < '0' || s[i] > '9')
			return false;
		if (__builtin_mul_overflow(*ret, (uint64_t)10, ret) ||
		    __builtin_add_overflow(*ret, (uint64_t)(s[i] - '0'), ret))
			*ret_overflow = true;
	}
	return true;
}

static void table_types_store(void *dst, uint64_t v, size_t size)
{
	uint32_t v32 = (uint32_t)v;

	if (size == sizeof v32)
		memcpy(dst, &v32, sizeof v32);
	else
		memcpy(dst, &v, sizeof v);
}

bool table_parse_integer(const struct field *f, const char *text, size_t len, void *dst, char *why,
			 size_t why_size)
{
	int64_t min;
	uint64_t max, v;
	bool minus, overflow;

	if (!table_types_parse(text, len, &minus, &v, &overflow)) {
		snprintf(why, why_size, "expected integer, found %.*s",
			 (int)(len < 40 ? len : 40), text);
		return false;
	}
	table_range(f, &min, &max);
	/* "-0" is no number of an unsigned field: its author meant something else. */
	bool fits = !overflow && (minus ? min < 0 && v <= (uint64_t)0 - (uint64_t)min
					: v <= max && (min <= 0 || v >= (uint64_t)min));
	if (!fits) {
		snprintf(why, why_size, "%.*s%s is not within %" PRIi64 "..%" PRIu64,
			 (int)(len < 24 ? len : 24), text, len < 24 ? "" : "...", min, max);
		return false;
	}
	if (minus)
		v = (uint64_t)0 - v;
	table_types_store(dst, v, types[f->type & ~FIELD_SHAPES].size);
	return true;
}

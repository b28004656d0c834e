/*
 * json: yajl behind an event interface, with the limits that hostile documents need: depth <=
 * SPEC_MAX_DEPTH, size <= SPEC_MAX_BYTES, no duplicate keys, no NUL in strings, valid UTF-8, no
 * trailing garbage; numbers are handed over as text. The only file that includes yajl.
 * The writer side is a thin layer over buf: correct escaping, optional indentation.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

struct json_out {
	struct buf *buf;
	int indent; /* spaces per level; 0 = one line */
	int depth;
	bool need_comma, after_key;
};

void json_begin_object(struct json_out *o);
void json_end_object(struct json_out *o);
void json_begin_array(struct json_out *o);
void json_end_array(struct json_out *o);
void json_key(struct json_out *o, const char *key);
void json_string(struct json_out *o, const char *s); /* NULL writes null */
void json_i64(struct json_out *o, int64_t v);
void json_u64(struct json_out *o, uint64_t v);
void json_bool(struct json_out *o, bool v);

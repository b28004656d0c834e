/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json: yajl behind an event interface, with the limits that hostile documents need: depth <=
 * SPEC_MAX_DEPTH, size <= SPEC_MAX_BYTES, no duplicate keys, no NUL in strings, valid UTF-8, no
 * trailing garbage; numbers are handed over as text. only json.c and json_memory.c see yajl.
 * The writer (json_out.c) is a thin layer over buf: correct escaping, optional indentation.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

enum json_type { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_OBJECT, JSON_ARRAY, JSON_KEY,
		 JSON_END };

struct json_event {
	enum json_type type;
	bool on;          /* JSON_BOOL */
	bool duplicate;   /* JSON_KEY: the object has this key already */
	const char *text; /* key, string, number: no NUL in it or behind; gone after the call */
	size_t len;
};

/* Why a document was refused, and where. */
struct json_fault {
	size_t offset; /* in bytes */
	char text[120];
};

struct json_place {
	int line, column; /* 1-based; columns count characters */
};

struct json_reader;

/* Gets every event in document order. 0 goes on, a negative value stops json_read. */
typedef int json_handler(void *ctx, struct json_reader *r, const struct json_event *ev);

/*
 * Reads one document. Returns 0, what `fn` returned to stop, -EINVAL with `fault` filled in when
 * the text is not JSON or breaks a limit, -EFBIG when it is longer than SPEC_MAX_BYTES, -ENOMEM.
 */
int json_read(const char *text, size_t len, json_handler *fn, void *ctx,
	      struct json_fault *fault);

/* To be called on JSON_OBJECT or JSON_ARRAY: nothing of it, its end included, is handed over. It is
 * still checked. */
void json_skip(struct json_reader *r);

/* Where in the text the event that is being handled starts. Not free: for faults. */
size_t json_offset(const struct json_reader *r, const struct json_event *ev);

/* Line and column of a byte offset. */
struct json_place json_place(const char *text, size_t len, size_t offset);

struct json_out {
	struct buf *buf;
	int indent; /* spaces per level; 0 = one line */
	int depth;
	bool need_comma, after_key;
	bool lossy; /* set when a string was not UTF-8: U+FFFD stands for its bad bytes */
};

void json_begin_object(struct json_out *o);
void json_end_object(struct json_out *o);
void json_begin_array(struct json_out *o);
void json_end_array(struct json_out *o);
void json_key(struct json_out *o, const char *key);
void json_string(struct json_out *o, const char *s); /* NULL writes null */
void json_i64(struct json_out *o, int64_t v);
void json_u64(struct json_out *o, uint64_t v);
void json_number(struct json_out *o, const char *digits); /* as a reader handed it over */
void json_hundredths(struct json_out *o, uint64_t v); /* 125 writes 1.25, 120 writes 1.2 */
void json_bool(struct json_out *o, bool v);

/* A key and its value. */
void json_put_string(struct json_out *o, const char *key, const char *s);
void json_put_i64(struct json_out *o, const char *key, int64_t v);
void json_put_u64(struct json_out *o, const char *key, uint64_t v);
void json_put_bool(struct json_out *o, const char *key, bool v);

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json: the reading half of json.h over yajl's event API with yajl_number (its tree API crashes on
 * deep documents, accepts duplicates and cuts strings at \u0000; its integers lack 2^63..2^64-1).
 * yajl's own UTF-8 check lets overlong forms pass and turns lone surrogates into "?" or bad bytes,
 * so both are checked here.
 */
#include "json.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <yajl/yajl_parse.h>

#include "json_keys.h"
#include "json_memory.h"
#include "spec.h"
#include "utf8.h"

struct json_reader {
	const char *text;
	size_t len;
	yajl_handle yajl;
	json_handler *fn;
	void *ctx;
	int depth;
	int skip_above; /* nothing deeper than this is handed over; INT_MAX = all is */
	uint64_t object[SPEC_MAX_DEPTH + 1]; /* the number of the object open at each depth */
	uint64_t objects;
	struct json_keys keys;
	struct json_memory memory;
	bool completing; /* the end was told to yajl, whose offsets mean nothing any more */
	int result;
	struct json_fault *fault;
};

#define SKIP_NOTHING (SPEC_MAX_DEPTH + 1)

/* Offset behind the token that yajl lexed last. */
static size_t token_end(const struct json_reader *r)
{
	size_t end = r->completing ? r->len : yajl_get_bytes_consumed(r->yajl);

	return end < r->len ? end : r->len;
}

/* Offset of the token that ends at `end`. */
static size_t token_start(const struct json_reader *r, size_t end)
{
	static const char alone[] = "{}[],:";
	const char *t = r->text;
	size_t start = end;

	if (!start)
		return 0;
	if (t[--start] == '"') {
		while (start > 0) {
			size_t slashes = 0;
			if (t[--start] != '"')
				continue;
			while (slashes < start && t[start - 1 - slashes] == '\\')
				slashes++;
			if (slashes % 2 == 0)
				break;
		}
		return start;
	}
	if (strchr(alone, t[start]))
		return start;
	while (start && !strchr(" \t\r\n\"{}[],:", t[start - 1]))
		start--;
	return start;
}

size_t json_offset(const struct json_reader *r, const struct json_event *ev)
{
	if (ev->text && ev->text >= r->text && ev->text <= r->text + r->len)
		return (size_t)(ev->text - r->text) -
		       (ev->type == JSON_STRING || ev->type == JSON_KEY);
	return token_start(r, token_end(r));
}

static int stop(struct json_reader *r, int result, size_t offset, const char *text)
{
	r->result = result;
	r->fault->offset = offset;
	snprintf(r->fault->text, sizeof r->fault->text, "%s", text);
	return 0;
}

/* 1 when yajl is to go on. */
static int json_hand_over(struct json_reader *r, const struct json_event *ev)
{
	if (r->depth > r->skip_above)
		return 1;
	r->result = r->fn(r->ctx, r, ev);
	return r->result == 0;
}

static int on_null(void *ctx)
{
	return json_hand_over(ctx, &(struct json_event){ .type = JSON_NULL });
}

static int on_boolean(void *ctx, int on)
{
	return json_hand_over(ctx, &(struct json_event){ .type = JSON_BOOL, .on = on });
}

static int on_number(void *ctx, const char *text, size_t len)
{
	return json_hand_over(ctx, &(struct json_event){ .type = JSON_NUMBER, .text = text,
							 .len = len });
}

/* The value of four hex digits, which yajl has checked. */
static unsigned hex4(const char *s)
{
	unsigned v = 0;

	for (int i = 0; i < 4; i++)
		v = v * 16 + (unsigned)(s[i] <= '9' ? s[i] - '0' : (s[i] | 0x20) - 'a' + 10);
	return v;
}

/* Offset of a \u escape in raw[from..to) that is half a surrogate pair, `to` when there is none. */
static size_t lone_surrogate(const char *raw, size_t from, size_t to)
{
	for (size_t i = from; i + 1 < to; i += 2) {
		while (i < to && raw[i] != '\\')
			i++;
		if (i + 6 > to || raw[i + 1] != 'u')
			continue;
		unsigned v = hex4(raw + i + 2);
		if (v < 0xd800 || v > 0xdfff)
			continue;
		if (v > 0xdbff || i + 12 > to || raw[i + 6] != '\\' || raw[i + 7] != 'u')
			return i;
		v = hex4(raw + i + 8);
		if (v < 0xdc00 || v > 0xdfff)
			return i;
		i += 10;
	}
	return to;
}

/* What an escape can bring into a string. */
static bool escapes_are_fine(struct json_reader *r, const char *s, size_t len)
{
	if (s >= r->text && s <= r->text + r->len)
		return true; /* handed over as it stands in the text: there are none */
	size_t end = token_end(r), start = token_start(r, end);
	if (memchr(s, '\0', len))
		return stop(r, -EINVAL, start, "string with a NUL (\\u0000)");
	size_t lone = lone_surrogate(r->text, start, end);
	if (lone < end)
		return stop(r, -EINVAL, lone, "half a surrogate pair");
	return true;
}

static int on_string(void *ctx, const unsigned char *s, size_t len)
{
	struct json_reader *r = ctx;

	if (!escapes_are_fine(r, (const char *)s, len))
		return 0;
	return json_hand_over(r, &(struct json_event){ .type = JSON_STRING, .text = (const char *)s,
						       .len = len });
}

static int on_json_key(void *ctx, const unsigned char *s, size_t len)
{
	struct json_reader *r = ctx;
	struct json_event ev = { .type = JSON_KEY, .text = (const char *)s, .len = len };

	if (!escapes_are_fine(r, ev.text, len))
		return 0;
	int added = json_keys_add(&r->keys, r->object[r->depth], ev.text, len);
	if (added < 0)
		return stop(r, added, 0, "out of memory");
	ev.duplicate = added == 1;
	if (ev.duplicate && r->depth > r->skip_above)
		return stop(r, -EINVAL, json_offset(r, &ev), "duplicate key");
	return json_hand_over(r, &ev);
}

static int open_container(struct json_reader *r, enum json_type type)
{
	struct json_event ev = { .type = type };

	if (r->depth == SPEC_MAX_DEPTH)
		return stop(r, -EINVAL, token_start(r, token_end(r)), "nested too deeply");
	int go_on = json_hand_over(r, &ev);
	r->object[++r->depth] = r->objects++;
	return go_on;
}

static int close_container(struct json_reader *r)
{
	if (--r->depth == r->skip_above) {
		r->skip_above = SKIP_NOTHING;
		return 1;
	}
	return json_hand_over(r, &(struct json_event){ .type = JSON_END });
}

static int on_start_map(void *ctx)
{
	return open_container(ctx, JSON_OBJECT);
}

static int on_start_array(void *ctx)
{
	return open_container(ctx, JSON_ARRAY);
}

static int on_json_end(void *ctx)
{
	return close_container(ctx);
}

void json_skip(struct json_reader *r)
{
	if (r->skip_above == SKIP_NOTHING)
		r->skip_above = r->depth;
}

/* Where yajl's complaint `text` belongs: yajl steps back behind some tokens and not others. */
static size_t complaint_offset(const struct json_reader *r, const char *text)
{
	size_t end = token_end(r);

	if (strstr(text, "premature EOF"))
		return r->len;
	if (!strncmp(text, "lexical error: invalid char in json", 35))
		return end ? end - 1 : 0;
	if (!strncmp(text, "lexical error", 13) || strstr(text, "after key and value"))
		return end;
	return token_start(r, end);
}

static int complain(struct json_reader *r)
{
	unsigned char *text = yajl_get_error(r->yajl, 0, NULL, 0);

	stop(r, -EINVAL, complaint_offset(r, (char *)text), (char *)text);
	r->fault->text[strcspn(r->fault->text, "\n")] = '\0';
	return r->result;
}

/* Runs yajl; leaves by longjmp when there is no memory. */
static int json_parse(struct json_reader *r)
{
	static const yajl_callbacks callbacks = {
		on_null, on_boolean, NULL, NULL, on_number, on_string, on_start_map, on_json_key,
		on_json_end, on_start_array, on_json_end,
	};
	yajl_alloc_funcs funcs = json_memory_funcs(&r->memory);

	if (setjmp(r->memory.no_memory))
		return -ENOMEM;
	r->yajl = yajl_alloc(&callbacks, &funcs, r);
	yajl_config(r->yajl, yajl_dont_validate_strings, 1);
	yajl_status status = yajl_parse(r->yajl, (const unsigned char *)r->text, r->len);
	if (status == yajl_status_ok) {
		r->completing = true;
		status = yajl_complete_parse(r->yajl);
	}
	if (status == yajl_status_error)
		return complain(r);
	return r->result;
}

int json_read(const char *text, size_t len, json_handler *fn, void *ctx,
	      struct json_fault *fault)
{
	struct json_reader r = { .text = text, .len = len, .fn = fn, .ctx = ctx, .fault = fault,
				 .skip_above = SKIP_NOTHING };

	*fault = (struct json_fault){ 0 };
	if (len > SPEC_MAX_BYTES) {
		snprintf(fault->text, sizeof fault->text, "%zu bytes are more than %zu", len,
			 SPEC_MAX_BYTES);
		return -EFBIG;
	}
	size_t valid = utf8_valid_prefix(text, len);
	if (valid < len) {
		stop(&r, -EINVAL, valid, "invalid UTF-8");
		return -EINVAL;
	}
	json_keys_init(&r.keys);
	int ret = json_parse(&r);
	json_keys_free(&r.keys);
	arena_free(&r.memory.arena);
	return ret;
}

struct json_place json_place(const char *text, size_t len, size_t offset)
{
	struct json_place p = { 1, 1 };

	for (size_t i = 0; i < offset && i < len; i++) {
		if (text[i] == '\n')
			p = (struct json_place){ p.line + 1, 1 };
		else if (((unsigned char)text[i] & 0xc0) != 0x80)
			p.column++;
	}
	return p;
}

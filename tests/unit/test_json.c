/* SPDX-License-Identifier: Apache-2.0 */
/* json: what is refused and where, what the events are, and the writer. */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "json.h"
#include "spec.h"
#include "utf8.h"

/* Writes events as a line of words with the offset of each. */
static int log_event(void *ctx, struct json_reader *r, const struct json_event *ev)
{
	static const char *const names[] = { "null", "bool", "number", "string", "{", "[", "key",
					     "end" };
	struct buf *out = ctx;

	buf_printf(out, "%s", names[ev->type]);
	if (ev->type == JSON_BOOL)
		buf_printf(out, "=%d", ev->on);
	if (ev->text)
		buf_printf(out, "=%.*s", (int)ev->len, ev->text);
	if (ev->duplicate)
		buf_puts(out, "!");
	if (ev->type != JSON_END)
		buf_printf(out, "@%zu", json_offset(r, ev));
	buf_puts(out, " ");
	return 0;
}

static int ignore(void *ctx, struct json_reader *r, const struct json_event *ev)
{
	(void)ctx;
	(void)r;
	(void)ev;
	return 0;
}

static void events_know_their_place(void **state)
{
	static const char text[] = "{\"a\" : [1, -2e3,true ,null,\"x\\\"y\"], \"\\u0062\":{}}";
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct json_fault why;

	(void)state;
	assert_int_equal(json_read(text, sizeof text - 1, log_event, &out, &why), 0);
	assert_string_equal(out.data,
			    "{@0 key=a@1 [@7 number=1@8 number=-2e3@11 bool=1@16 null@22 "
			    "string=x\"y@27 end key=b@36 {@45 end end ");
}

static void faults_know_their_place(void **state)
{
	static const struct {
		const char *text;
		size_t len, offset;
		const char *why;
	} bad[] = {
#define BAD(text, offset, why) { text, sizeof text - 1, offset, why }
		BAD("", 0, "premature EOF"),
		BAD("  ", 2, "premature EOF"),
		BAD("{\"a\":1", 6, "premature EOF"),
		BAD("[\"abc", 5, "premature EOF"),
		BAD("{\"a\":1} x", 8, "trailing garbage"),
		BAD("{} {}", 3, "trailing garbage"),
		BAD("[1,]", 3, "unallowed token"),
		BAD("{\"a\":1,}", 7, "invalid object key"),
		BAD("{\"a\" 12}", 5, "colon"),
		BAD("{1:2}", 1, "invalid object key"),
		BAD("[01]", 1, "','"),
		BAD("{\"a\":01}", 6, "','"),
		BAD("[1 \"abc\"]", 3, "','"),
		BAD("[1.e]", 3, "decimal point"),
		BAD("[-]", 2, "minus sign"),
		BAD("[@]", 1, "invalid char"),
		BAD("/* */{}", 0, "comment"),
		BAD("[\"a\nb\"]", 3, "invalid character inside string"),
		BAD("[\"a\0b\"]", 3, "invalid character inside string"),
		BAD("[\"\\x\"]", 3, "'\\'"),
		BAD("[\"a\\u0000b\"]", 1, "NUL"),
		BAD("{\"a\\u0000b\":1}", 1, "NUL"),
		BAD("[\"a\\ud800\"]", 3, "surrogate"),
		BAD("[\"\\\\\\udc00\"]", 4, "surrogate"),
		BAD("[\"\\ud800\\u0041\"]", 2, "surrogate"),
		BAD("[\"\\ud83d\\ude00\\ud83d\"]", 14, "surrogate"),
		BAD("[\"\xff\"]", 2, "UTF-8"),
		BAD("[\"\xc0\xaf\"]", 2, "UTF-8"),
		BAD("[\"\xed\xa0\x80\"]", 2, "UTF-8"),
		BAD("[\"\xf4\x90\x80\x80\"]", 2, "UTF-8"),
		BAD("[\"\xe2\x82\"]", 2, "UTF-8"),
		BAD("\xef\xbb\xbf{}", 0, "invalid char"),
#undef BAD
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct json_fault why;
		int r = json_read(bad[i].text, bad[i].len, ignore, NULL, &why);

		if (r != -EINVAL || !strstr(why.text, bad[i].why) || why.offset != bad[i].offset)
			fail_msg("%s: %d, \"%s\" at %zu", bad[i].text, r, why.text, why.offset);
	}
}

static void escapes_are_read(void **state)
{
	static const char text[] = "[\"\\ud83d\\ude00\\\\u0000\\\"\"]";
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct json_fault why;

	(void)state;
	assert_int_equal(json_read(text, sizeof text - 1, log_event, &out, &why), 0);
	assert_string_equal(out.data, "[@0 string=\xf0\x9f\x98\x80\\u0000\"@1 end ");
}

static void depth_is_bounded(void **state)
{
	const size_t many = 1000000;
	char *text = malloc(many);
	struct json_fault why;

	(void)state;
	assert_non_null(text);
	memset(text, '[', many);
	assert_int_equal(json_read(text, many, ignore, NULL, &why), -EINVAL);
	assert_string_equal(why.text, "nested too deeply");
	assert_int_equal(why.offset, SPEC_MAX_DEPTH);
	memset(text + SPEC_MAX_DEPTH, ']', SPEC_MAX_DEPTH);
	assert_int_equal(json_read(text, 2 * SPEC_MAX_DEPTH, ignore, NULL, &why), 0);
	free(text);
}

static void size_is_bounded(void **state)
{
	char *text = malloc(SPEC_MAX_BYTES + 1);
	struct json_fault why;

	(void)state;
	assert_non_null(text);
	memset(text, ' ', SPEC_MAX_BYTES + 1);
	text[0] = '{';
	text[1] = '}';
	assert_int_equal(json_read(text, SPEC_MAX_BYTES, ignore, NULL, &why), 0);
	assert_int_equal(json_read(text, SPEC_MAX_BYTES + 1, ignore, NULL, &why), -EFBIG);
	assert_string_equal(why.text, "16777217 bytes are more than 16777216");
	free(text);
}

static int skip_b(void *ctx, struct json_reader *r, const struct json_event *ev)
{
	struct buf *out = ctx;

	if (ev->type == JSON_OBJECT && out->len && out->data[out->len - 1] == 'b')
		json_skip(r);
	else if (ev->text)
		buf_put(out, ev->text, ev->len);
	return 0;
}

static void skipped_parts_are_still_checked(void **state)
{
	static const char good[] = "{\"a\":1,\"b\":{\"x\":[{\"y\":2}],\"z\":{}},\"c\":3}";
	static const char bad[] = "{\"a\":1,\"b\":{\"x\":[{\"y\":2,\"y\":3}]},\"c\":3}";
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct json_fault why;

	(void)state;
	assert_int_equal(json_read(good, sizeof good - 1, skip_b, &out, &why), 0);
	assert_string_equal(out.data, "a1bc3");
	assert_int_equal(json_read(bad, sizeof bad - 1, skip_b, &out, &why), -EINVAL);
	assert_string_equal(why.text, "duplicate key");
	assert_int_equal(why.offset, 24);
}

static void duplicates_are_found_among_many(void **state)
{
	const int many = 200000;
	_cleanup_buf_ struct buf text = BUF_INIT;
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct json_fault why;

	(void)state;
	/* The same key in two objects is none; "\u0061" is "a". */
	static const char small[] = "{\"a\":{\"a\":1},\"b\":{\"a\":1},\"\\u0061\":2}";
	assert_int_equal(json_read(small, sizeof small - 1, log_event, &out, &why), 0);
	assert_int_equal(strchr(out.data, '!') - strstr(out.data, "key=a!@25"), 5);
	assert_ptr_equal(strchr(out.data, '!'), strrchr(out.data, '!'));

	buf_puts(&text, "{");
	for (int i = 0; i < many; i++)
		buf_printf(&text, "\"key%d\":%d,", i, i);
	buf_puts(&text, "\"key0\":0}");
	buf_free(&out);
	assert_int_equal(json_read(text.data, text.len, log_event, &out, &why), 0);
	assert_non_null(strstr(out.data, "key=key0!@"));
	assert_ptr_equal(strchr(out.data, '!'), strrchr(out.data, '!'));
}

static void places_count_characters(void **state)
{
	static const char text[] = "{\n \"\xc3\xa9\": x";
	struct json_place p = json_place(text, sizeof text - 1, sizeof text - 2);

	(void)state;
	assert_int_equal(p.line, 2);
	assert_int_equal(p.column, 7);
	p = json_place(text, sizeof text - 1, 0);
	assert_int_equal(p.line, 1);
	assert_int_equal(p.column, 1);
}

static void utf8_is_strict(void **state)
{
	static const struct {
		const char *s;
		size_t len;
	} chars[] = {
		{ "\x7f", 1 }, { "\xc2\x80", 2 }, { "\xdf\xbf", 2 }, { "\xe0\xa0\x80", 3 },
		{ "\xed\x9f\xbf", 3 }, { "\xee\x80\x80", 3 }, { "\xf0\x90\x80\x80", 4 },
		{ "\xf4\x8f\xbf\xbf", 4 }, { "\x80", 0 }, { "\xc1\xbf", 0 }, { "\xe0\x9f\xbf", 0 },
		{ "\xed\xa0\x80", 0 }, { "\xf0\x8f\xbf\xbf", 0 }, { "\xf4\x90\x80\x80", 0 },
		{ "\xf8\x88\x80\x80", 0 }, { "\xc3(", 0 }, { "\xe2\x82(", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof chars / sizeof *chars; i++)
		assert_int_equal(utf8_sequence(chars[i].s, strlen(chars[i].s)), chars[i].len);
	assert_int_equal(utf8_valid_prefix("0123456789abcdef\xc3\xa9tail", 22), 22);
	assert_int_equal(utf8_valid_prefix("0123456789abcdef\xc3tail", 21), 16);
}

static void writer_writes(void **state)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct json_out o = { .buf = &out };

	(void)state;
	json_begin_object(&o);
	json_key(&o, "a\"b");
	json_begin_array(&o);
	json_i64(&o, INT64_MIN);
	json_u64(&o, UINT64_MAX);
	json_bool(&o, true);
	json_string(&o, NULL);
	json_string(&o, "\x01\b\f\n\r\t\\/\x7f\xc3\xa9");
	json_begin_object(&o);
	json_end_object(&o);
	json_end_array(&o);
	json_key(&o, "c");
	json_bool(&o, false);
	json_end_object(&o);
	assert_string_equal(out.data,
			    "{\"a\\\"b\":[-9223372036854775808,18446744073709551615,true,null,"
			    "\"\\u0001\\b\\f\\n\\r\\t\\\\/\\u007f\xc3\xa9\",{}],\"c\":false}");
	assert_false(o.lossy);
	json_string(&o, "x\xffy");
	assert_true(o.lossy);
	assert_non_null(strstr(out.data, "\"x\xef\xbf\xbdy\""));
}

static void writer_indents(void **state)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct json_out o = { .buf = &out, .indent = 2 };

	(void)state;
	json_begin_object(&o);
	json_key(&o, "a");
	json_begin_array(&o);
	json_u64(&o, 1);
	json_u64(&o, 2);
	json_end_array(&o);
	json_key(&o, "b");
	json_begin_object(&o);
	json_end_object(&o);
	json_end_object(&o);
	assert_string_equal(out.data, "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": {}\n}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_know_their_place),
		cmocka_unit_test(faults_know_their_place),
		cmocka_unit_test(escapes_are_read),
		cmocka_unit_test(depth_is_bounded),
		cmocka_unit_test(size_is_bounded),
		cmocka_unit_test(skipped_parts_are_still_checked),
		cmocka_unit_test(duplicates_are_found_among_many),
		cmocka_unit_test(places_count_characters),
		cmocka_unit_test(utf8_is_strict),
		cmocka_unit_test(writer_writes),
		cmocka_unit_test(writer_indents),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* json_out: the writing half of json.h. Never fails: buf remembers OOM, `lossy` bad UTF-8. */
#include "json.h"

#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "utf8.h"

static void new_line(struct json_out *o)
{
	static const char blanks[] = "                                ";

	if (!o->indent)
		return;
	buf_put(o->buf, "\n", 1);
	for (size_t left = (size_t)o->indent * (size_t)o->depth, n; left; left -= n) {
		n = left < sizeof blanks - 1 ? left : sizeof blanks - 1;
		buf_put(o->buf, blanks, n);
	}
}

/* What comes before a value or a key: nothing after a key, else a comma and a new line. */
static void lead_in(struct json_out *o)
{
	if (o->after_key) {
		o->after_key = false;
		return;
	}
	if (o->need_comma)
		buf_put(o->buf, ",", 1);
	if (o->depth)
		new_line(o);
}

static void json_out_begin(struct json_out *o, const char *bracket)
{
	lead_in(o);
	buf_put(o->buf, bracket, 1);
	o->depth++;
	o->need_comma = false;
}

static void end(struct json_out *o, const char *bracket)
{
	o->depth--;
	if (o->need_comma)
		new_line(o);
	buf_put(o->buf, bracket, 1);
	o->need_comma = true;
}

void json_begin_object(struct json_out *o)
{
	json_out_begin(o, "{");
}

void json_end_object(struct json_out *o)
{
	end(o, "}");
}

void json_begin_array(struct json_out *o)
{
	json_out_begin(o, "[");
}

void json_end_array(struct json_out *o)
{
	end(o, "]");
}

/* Writes the character at `s` that may not stand for itself. Returns how many bytes it had. */
static size_t put_special(struct json_out *o, const char *s, size_t len)
{
	static const char special[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
	const char *found = strchr(special, *s);

	if (found) {
		buf_printf(o->buf, "\\%c", letters[found - special]);
		return 1;
	}
	if ((unsigned char)*s < 0x20 || *s == 0x7f) {
		buf_printf(o->buf, "\\u%04x", (unsigned char)*s);
		return 1;
	}
	size_t n = utf8_sequence(s, len);
	if (n) {
		buf_put(o->buf, s, n);
		return n;
	}
	o->lossy = true;
	buf_puts(o->buf, "\xef\xbf\xbd");
	return 1;
}

static bool is_plain(char c)
{
	return (unsigned char)c >= 0x20 && (unsigned char)c < 0x7f && c != '"' && c != '\\';
}

static void json_out_put_string(struct json_out *o, const char *s)
{
	size_t len = strlen(s);

	buf_put(o->buf, "\"", 1);
	while (len) {
		size_t n = 0;
		while (n < len && is_plain(s[n]))
			n++;
		buf_put(o->buf, s, n);
		if (n < len)
			n += put_special(o, s + n, len - n);
		s += n;
		len -= n;
	}
	buf_put(o->buf, "\"", 1);
}

void json_key(struct json_out *o, const char *key)
{
	lead_in(o);
	json_out_put_string(o, key);
	buf_puts(o->buf, o->indent ? ": " : ":");
	o->after_key = true;
}

void json_string(struct json_out *o, const char *s)
{
	lead_in(o);
	if (s)
		json_out_put_string(o, s);
	else
		buf_puts(o->buf, "null");
	o->need_comma = true;
}

void json_number(struct json_out *o, const char *digits)
{
	lead_in(o);
	buf_puts(o->buf, digits);
	o->need_comma = true;
}

void json_i64(struct json_out *o, int64_t v)
{
	lead_in(o);
	buf_printf(o->buf, "%" PRIi64, v);
	o->need_comma = true;
}

void json_u64(struct json_out *o, uint64_t v)
{
	lead_in(o);
	buf_printf(o->buf, "%" PRIu64, v);
	o->need_comma = true;
}

void json_hundredths(struct json_out *o, uint64_t v)
{
	unsigned part = v % 100;

	lead_in(o);
	buf_printf(o->buf, "%" PRIu64, v / 100);
	if (part)
		buf_printf(o->buf, part % 10 ? ".%02u" : ".%u", part % 10 ? part : part / 10);
	o->need_comma = true;
}

void json_bool(struct json_out *o, bool v)
{
	lead_in(o);
	buf_puts(o->buf, v ? "true" : "false");
	o->need_comma = true;
}

void json_put_string(struct json_out *o, const char *key, const char *s)
{
	json_key(o, key);
	json_string(o, s);
}

void json_put_i64(struct json_out *o, const char *key, int64_t v)
{
	json_key(o, key);
	json_i64(o, v);
}

void json_put_u64(struct json_out *o, const char *key, uint64_t v)
{
	json_key(o, key);
	json_u64(o, v);
}

void json_put_bool(struct json_out *o, const char *key, bool v)
{
	json_key(o, key);
	json_bool(o, v);
}

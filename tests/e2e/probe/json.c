/* SPDX-License-Identifier: Apache-2.0 */
/* json: a writer of JSON to stdout for the probe. */
#include "probe.h"

#include <stdarg.h>
#include <stdio.h>

static bool need_comma;

static void put_string(const char *s)
{
	putchar('"');
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			printf("\\%c", c);
		else if (c < 0x20)
			printf("\\u%04x", c);
		else
			putchar(c);
	}
	putchar('"');
}

static void put_key(const char *key)
{
	if (need_comma)
		fputs(",\n", stdout);
	need_comma = true;
	if (key) {
		put_string(key);
		putchar(':');
	}
}

void json_open(const char *key, char bracket)
{
	put_key(key);
	putchar(bracket);
	need_comma = false;
}

void json_close(char bracket)
{
	putchar(bracket);
	need_comma = true;
}

void json_string(const char *key, const char *value)
{
	put_key(key);
	if (value)
		put_string(value);
	else
		fputs("null", stdout);
}

void json_number(const char *key, long long value)
{
	put_key(key);
	printf("%lld", value);
}

void json_bool(const char *key, bool value)
{
	put_key(key);
	fputs(value ? "true" : "false", stdout);
}

void json_format(const char *key, const char *fmt, ...)
{
	char text[4096];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	json_string(key, text);
}

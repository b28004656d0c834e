/* SPDX-License-Identifier: Apache-2.0 */
/* err: see err.h. */
#include "base/err.h"

#include <stdio.h>
#include <string.h>

/* Appends at `at`; returns the new length, at most ERR_TEXT_SIZE - 1. */
__attribute__((format(printf, 3, 0)))
static size_t put(char *text, size_t at, const char *fmt, va_list ap)
{
	int n = vsnprintf(text + at, ERR_TEXT_SIZE - at, fmt, ap);

	if (n < 0)
		return at;
	return at + (size_t)n < ERR_TEXT_SIZE ? at + (size_t)n : ERR_TEXT_SIZE - 1;
}

static size_t put_text(char *text, size_t at, const char *s)
{
	size_t room = ERR_TEXT_SIZE - 1 - at, n = strnlen(s, room);

	memmove(text + at, s, n);
	text[at + n] = '\0';
	return at + n;
}

int (err_set)(struct err *e, int errnum, const char *fmt, ...)
{
	va_list ap;

	if (!e)
		return -errnum;
	va_start(ap, fmt);
	size_t at = put(e->text, 0, fmt, ap);
	va_end(ap);
	at = put_text(e->text, at, ": ");
	put_text(e->text, at, strerror(errnum));
	e->code = errnum;
	return -errnum;
}

int (err_msg)(struct err *e, int errnum, const char *fmt, ...)
{
	va_list ap;

	if (!e)
		return -errnum;
	va_start(ap, fmt);
	put(e->text, 0, fmt, ap);
	va_end(ap);
	e->code = errnum;
	return -errnum;
}

int (err_in)(struct err *e, const char *fmt, ...)
{
	char was[ERR_TEXT_SIZE];
	va_list ap;

	if (!e)
		return -EINVAL;
	memcpy(was, e->text, sizeof was);
	va_start(ap, fmt);
	size_t at = put(e->text, 0, fmt, ap);
	va_end(ap);
	at = put_text(e->text, at, ": ");
	put_text(e->text, at, was);
	return -e->code;
}

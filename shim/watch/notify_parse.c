/* SPDX-License-Identifier: Apache-2.0 */
/* notify_parse: a datagram of sd_notify(3) into a struct: pure, fuzzed. Unknown keys mean nothing. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "watch/notify.h"

static void notify_parse_set_flag(bool *flag, const char *value)
{
	*flag = !strcmp(value, "1");
}

static void set_number(long long *to, const char *value)
{
	unsigned long long n;

	if (io_parse_u64(value, &n) && n <= 1000000ULL * 86400 * 365)
		*to = (long long)n;
}

/* For people: printable, and not too long. */
static const char *clean(char *value)
{
	unsigned char *s = (unsigned char *)value;

	for (size_t i = 0; value[i]; i++) {
		if (i == NOTIFY_STATUS_MAX - 1)
			value[i] = '\0';
		else if (s[i] < 0x20 || s[i] == 0x7f)
			value[i] = '?';
		else if (s[i] == 0xc2 && (s[i + 1] & 0xe0) == 0x80) /* C1 */
			value[i] = value[i + 1] = '?';
	}
	return value;
}

static const char *name_or_null(const char *value)
{
	size_t n = strlen(value);

	for (size_t i = 0; i < n; i++)
		if ((unsigned char)value[i] < 0x20 || value[i] == 0x7f || value[i] == ':')
			return NULL;
	return n && n <= 255 ? value : NULL;
}

static void notify_parse_take(const char *key, char *value, struct notify_message *m)
{
	struct {
		const char *key;
		bool *flag;
	} flags[] = {
		{ "READY", &m->ready },	    { "STOPPING", &m->stopping }, { "FDSTORE", &m->fdstore },
		{ "FDSTOREREMOVE", &m->fdstore_remove }, { "BARRIER", &m->barrier },
	};

	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
		if (!strcmp(key, flags[i].key))
			notify_parse_set_flag(flags[i].flag, value);
	if (!strcmp(key, "WATCHDOG")) {
		m->watchdog |= !strcmp(value, "1");
		m->watchdog_trigger |= !strcmp(value, "trigger");
	} else if (!strcmp(key, "WATCHDOG_USEC")) {
		set_number(&m->watchdog_usec, value);
	} else if (!strcmp(key, "EXTEND_TIMEOUT_USEC")) {
		set_number(&m->extend_timeout_usec, value);
	} else if (!strcmp(key, "ERRNO")) {
		unsigned n;
		m->errnum = io_parse_u32(value, &n) && n < 4096 ? (int)n : -1;
	} else if (!strcmp(key, "STATUS")) {
		m->status = clean(value);
	} else if (!strcmp(key, "FDNAME")) {
		m->fdname = name_or_null(value);
	} else if (!strcmp(key, "FDPOLL")) {
		m->fdpoll_off = !strcmp(value, "0");
	}
}

int notify_parse(char *text, size_t len, struct notify_message *ret)
{
	bool any = false;

	*ret = (struct notify_message){ .watchdog_usec = -1, .extend_timeout_usec = -1, .errnum = -1 };
	if (memchr(text, '\0', len))
		return -EINVAL;
	text[len] = '\0';
	for (char *line = text, *next; line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		char *value = strchr(line, '=');
		if (!value || value == line)
			continue;
		*value++ = '\0';
		any = true;
		notify_parse_take(line, value, ret);
	}
	return any ? 0 : -EINVAL;
}

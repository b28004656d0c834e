/* SPDX-License-Identifier: Apache-2.0 */
/* mountinfo: see mountinfo.h. ID PARENT MAJOR:MINOR ROOT POINT OPTIONS [TAG...] - TYPE SOURCE OPTIONS */
#include "base/mountinfo.h"

#include <string.h>

static bool is_octal(char c, char highest)
{
	return c >= '0' && c <= highest;
}

/* Blank, tab, newline and backslash are written as three octal digits. */
static void unescape(char *s)
{
	char *to = s;

	for (; *s; s++) {
		if (*s == '\\' && is_octal(s[1], '3') && is_octal(s[2], '7') && is_octal(s[3], '7')) {
			*to++ = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
			s += 3;
		} else {
			*to++ = *s;
		}
	}
	*to = '\0';
}

bool mountinfo_parse(char *line, struct mountinfo *ret)
{
	char *end = strstr(line, " - "), *field[5], *type;

	if (!end)
		return false;
	type = end + 3;
	type[strcspn(type, " ")] = '\0';
	*end = '\0';
	for (int i = 0; i < 5; i++) {
		field[i] = strsep(&line, " ");
		if (!line)
			return false;
	}
	unescape(field[4]);
	*ret = (struct mountinfo){ field[3], field[4], type };
	return true;
}

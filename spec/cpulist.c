/* SPDX-License-Identifier: Apache-2.0 */
/* cpulist: see cpulist.h. */
#include "cpulist.h"

static bool number(const char **pos, unsigned *ret)
{
	const char *p = *pos;
	unsigned v = 0;

	for (; *p >= '0' && *p <= '9'; p++) {
		v = v * 10 + (unsigned)(*p - '0');
		if (v > CPULIST_MAX)
			return false;
	}
	if (p == *pos)
		return false;
	*pos = p;
	*ret = v;
	return true;
}

bool cpulist_next(const char **pos, unsigned *ret_first, unsigned *ret_last)
{
	const char *p = *pos;

	if (!number(&p, ret_first))
		return false;
	*ret_last = *ret_first;
	if (*p == '-') {
		p++;
		if (!number(&p, ret_last) || *ret_last < *ret_first)
			return false;
	}
	if (*p == ',' && p[1])
		p++;
	else if (*p)
		return false;
	*pos = p;
	return true;
}

bool cpulist_valid(const char *list)
{
	unsigned first, last;

	if (!*list)
		return false;
	while (cpulist_next(&list, &first, &last))
		;
	return !*list;
}

/* bitlist: see bitlist.h. */
#include "bitlist.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* One number; *s is moved behind it. Numbers that are too large stay at the limit. */
static bool take_number(const char **s, size_t *ret)
{
	size_t v = 0;

	if (**s < '0' || **s > '9')
		return false;
	for (; **s >= '0' && **s <= '9'; (*s)++)
		v = v < SIZE_MAX / 16 ? v * 10 + (size_t)(**s - '0') : v;
	*ret = v;
	return true;
}

/* "N" or "N-M". */
static bool take_range(const char **s, size_t *ret_first, size_t *ret_last)
{
	if (!take_number(s, ret_first))
		return false;
	*ret_last = *ret_first;
	if (**s != '-')
		return true;
	(*s)++;
	return take_number(s, ret_last) && *ret_last >= *ret_first;
}

int bitlist_parse(const char *list, unsigned long *words, size_t n_bits, struct err *e)
{
	for (const char *s = list;; s++) {
		size_t first, last;
		if (!take_range(&s, &first, &last) || (*s && *s != ','))
			return err_msg(e, EINVAL, "\"%s\" is not a list like \"0-3,7\"", list);
		if (last >= n_bits)
			return err_msg(e, ERANGE, "\"%s\": numbers must be below %zu", list, n_bits);
		for (; first <= last; first++)
			words[first / BITLIST_WORD_BITS] |= 1UL << (first % BITLIST_WORD_BITS);
		if (!*s)
			return 0;
	}
}

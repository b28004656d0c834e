/* SPDX-License-Identifier: Apache-2.0 */
/* bitlist: see bitlist.h. */
#include "process/bitlist.h"

#include "base/err.h"
#include "cpulist.h"

int bitlist_parse(const char *list, unsigned long *words, size_t n_bits, struct err *e)
{
	const char *pos = list;
	unsigned first, last;

	while (cpulist_next(&pos, &first, &last)) {
		if (last >= n_bits)
			return err_msg(e, ERANGE, "\"%s\": numbers must be below %zu", list, n_bits);
		for (; first <= last; first++)
			words[first / BITLIST_WORD_BITS] |= 1UL << (first % BITLIST_WORD_BITS);
	}
	return *pos || !*list ? err_msg(e, EINVAL, "\"%s\" is not a list like \"0-3,7\"", list) : 0;
}

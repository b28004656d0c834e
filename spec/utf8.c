/* SPDX-License-Identifier: Apache-2.0 */
/* utf8: see utf8.h. The table is that of well-formed byte sequences in Unicode, 3.9. */
#include "utf8.h"

#include <stdint.h>
#include <string.h>

#define HIGH_BITS 0x8080808080808080ULL

/* What may follow a lead byte: the second byte's range and how many bytes there are in all. */
static const struct {
	uint8_t first_lead, last_lead, len, min_second, max_second;
} forms[] = {
	{ 0xc2, 0xdf, 2, 0x80, 0xbf }, { 0xe0, 0xe0, 3, 0xa0, 0xbf }, { 0xe1, 0xec, 3, 0x80, 0xbf },
	{ 0xed, 0xed, 3, 0x80, 0x9f }, { 0xee, 0xef, 3, 0x80, 0xbf }, { 0xf0, 0xf0, 4, 0x90, 0xbf },
	{ 0xf1, 0xf3, 4, 0x80, 0xbf }, { 0xf4, 0xf4, 4, 0x80, 0x8f },
};

size_t utf8_sequence(const char *s, size_t len)
{
	const uint8_t *p = (const uint8_t *)s;

	if (p[0] < 0x80)
		return 1;
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		if (p[0] < forms[i].first_lead || p[0] > forms[i].last_lead)
			continue;
		if (len < forms[i].len || p[1] < forms[i].min_second || p[1] > forms[i].max_second)
			return 0;
		for (size_t k = 2; k < forms[i].len; k++)
			if ((p[k] & 0xc0) != 0x80)
				return 0;
		return forms[i].len;
	}
	return 0;
}

size_t utf8_valid_prefix(const char *s, size_t len)
{
	size_t i = 0;

	while (i < len) {
		uint64_t word;

		if (len - i >= sizeof word) {
			memcpy(&word, s + i, sizeof word);
			if (!(word & HIGH_BITS)) {
				i += sizeof word;
				continue;
			}
		}
		size_t n = utf8_sequence(s + i, len - i);
		if (!n)
			break;
		i += n;
	}
	return i;
}

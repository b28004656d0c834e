/* SPDX-License-Identifier: Apache-2.0 */
/* quantity: see quantity.h. Pure. Only decimal digits and one point are numbers: no sign, no exponent, no base. */
#include "base/quantity.h"

#include <stddef.h>
#include <string.h>

#define NANO 1000000000ULL

/* "12", "1.5", ".5" with at most nine decimals that count, as whole part and billionths; `*s` moves to what follows. */
static bool parse_decimal(const char **s, uint64_t *ret_whole, uint64_t *ret_nano)
{
	const char *p = *s;
	uint64_t whole = 0, nano = 0, place = NANO / 10;
	bool digits = false;

	for (; *p >= '0' && *p <= '9'; p++, digits = true)
		if (__builtin_mul_overflow(whole, (uint64_t)10, &whole) ||
		    __builtin_add_overflow(whole, (uint64_t)(*p - '0'), &whole))
			return false;
	if (*p == '.')
		for (p++; *p >= '0' && *p <= '9'; p++, digits = true, place /= 10)
			nano += (uint64_t)(*p - '0') * place;
	*s = p;
	*ret_whole = whole;
	*ret_nano = nano;
	return digits;
}

/* whole.nano × scale, rounded down; false on overflow. */
static bool scale_decimal(uint64_t whole, uint64_t nano, uint64_t scale, uint64_t *ret)
{
	unsigned __int128 v = (unsigned __int128)whole * scale + (unsigned __int128)nano * scale / NANO;

	*ret = (uint64_t)v;
	return v <= INT64_MAX;
}

/* [k|m|g|t|p][i][b] in either case: the power of 1024, or -1. */
static int bytes_unit(const char *s)
{
	static const char units[] = "kmgtp";
	int power = 0;
	const char *unit = *s ? strchr(units, *s | 0x20) : NULL;

	if (unit && *unit) {
		power = (int)(unit - units) + 1;
		s++;
		if ((*s | 0x20) == 'i')
			s++;
	}
	if ((*s | 0x20) == 'b')
		s++;
	return *s ? -1 : power;
}

bool quantity_bytes(const char *s, int64_t *ret_bytes)
{
	uint64_t whole, nano, bytes;

	if (!parse_decimal(&s, &whole, &nano))
		return false;
	if (*s == ' ' && s[1])
		s++;
	int power = bytes_unit(s);
	if (power < 0 || !scale_decimal(whole, nano, 1ULL << (10 * power), &bytes))
		return false;
	*ret_bytes = (int64_t)bytes;
	return true;
}

/* The unit at the start of `s`, in microseconds, 0 for none; `*s` moves to what follows. */
static uint64_t duration_unit(const char **s)
{
	static const struct {
		char name[3];
		uint64_t us;
	} units[] = { { "us", 1 }, { "ms", 1000 }, { "s", 1000000 }, { "m", 60000000 }, { "h", 3600000000 } };
	size_t len = strspn(*s, "uhms");

	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
		if (strlen(units[i].name) == len && !strncmp(*s, units[i].name, len)) {
			*s += len;
			return units[i].us;
		}
	return 0;
}

bool quantity_duration(const char *s, uint64_t *ret_ms)
{
	uint64_t sum_us = 0;

	do {
		uint64_t whole, nano, us;
		if (!parse_decimal(&s, &whole, &nano))
			return false;
		uint64_t scale = duration_unit(&s);
		if (!scale || !scale_decimal(whole, nano, scale, &us) ||
		    __builtin_add_overflow(sum_us, us, &sum_us))
			return false;
		if ((whole || nano) && !us) /* less than a microsecond */
			return false;
	} while (*s);
	*ret_ms = sum_us / 1000;
	return *ret_ms || !sum_us;
}

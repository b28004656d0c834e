/* SPDX-License-Identifier: Apache-2.0 */
/* json_keys: see json_keys.h. Open addressing, at most half full; seeded, so that nobody can
 * prepare a document whose keys all fall into one place. */
#include "json_keys.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#define MIX_A 0xa0761d6478bd642fULL
#define MIX_B 0xe7037ed1a0b428dbULL

static uint64_t json_keys_mix(uint64_t a, uint64_t b)
{
	__uint128_t product = (__uint128_t)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t hash(const struct json_keys *k, uint64_t object, const char *key, size_t len)
{
	uint64_t h = json_keys_mix(k->seed ^ object, MIX_A ^ len), word;

	for (; len > sizeof word; key += sizeof word, len -= sizeof word) {
		memcpy(&word, key, sizeof word);
		h = json_keys_mix(h ^ word, MIX_B);
	}
	word = 0;
	memcpy(&word, key, len);
	h = json_keys_mix(h ^ word, MIX_A);
	return h ? h : 1; /* 0 is an empty slot */
}

/* The slot that holds `h`, or the empty one where it belongs. */
static uint64_t *slot(uint64_t *slots, size_t cap, uint64_t h)
{
	size_t i = h & (cap - 1);

	while (slots[i] && slots[i] != h)
		i = (i + 1) & (cap - 1);
	return &slots[i];
}

static int grow(struct json_keys *k)
{
	size_t cap = k->cap * 4;
	uint64_t *slots = calloc(cap, sizeof *slots);

	if (!slots)
		return -ENOMEM;
	for (size_t i = 0; i < k->cap; i++)
		if (k->slots[i])
			*slot(slots, cap, k->slots[i]) = k->slots[i];
	json_keys_free(k);
	k->slots = slots;
	k->cap = cap;
	return 0;
}

void json_keys_init(struct json_keys *k)
{
	const void *random = (const void *)getauxval(AT_RANDOM);

	memset(k->first, 0, sizeof k->first);
	k->slots = k->first;
	k->cap = JSON_KEYS_FIRST;
	k->n = 0;
	k->seed = MIX_B;
	if (random)
		memcpy(&k->seed, random, sizeof k->seed);
	/* The same bytes seed the stack protector: do not keep them as they are. */
	k->seed = json_keys_mix(k->seed ^ MIX_B, MIX_A);
}

int json_keys_add(struct json_keys *k, uint64_t object, const char *key, size_t len)
{
	uint64_t h = hash(k, object, key, len);

	if (k->n >= k->cap / 2 && grow(k) < 0)
		return -ENOMEM;
	uint64_t *s = slot(k->slots, k->cap, h);
	if (*s)
		return 1;
	*s = h;
	k->n++;
	return 0;
}

void json_keys_free(struct json_keys *k)
{
	if (k->slots != k->first)
		free(k->slots);
	k->slots = NULL;
}

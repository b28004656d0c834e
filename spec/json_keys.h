/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_keys: which keys a document's objects have had so far, to find duplicates. Keeps 64-bit
 * hashes alone, so that a hostile document of millions of keys costs 16 bytes a key at most.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define JSON_KEYS_FIRST 256

struct json_keys {
	uint64_t first[JSON_KEYS_FIRST]; /* enough for most documents */
	uint64_t *slots;                 /* `first`, or malloc'ed */
	size_t cap, n;
	uint64_t seed;
};

void json_keys_init(struct json_keys *k);

/* Notes `key` of the object that has the number `object`. 1 when it was there before (or, once in
 * 2^64 tries, seems so), 0 when it is new, -ENOMEM. */
int json_keys_add(struct json_keys *k, uint64_t object, const char *key, size_t len);

void json_keys_free(struct json_keys *k);

/* SPDX-License-Identifier: Apache-2.0 */
/* sha256: FIPS 180-4. Used to name cached things, not for secrets. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define SHA256_BYTES 32

struct sha256 {
	uint32_t h[8];
	uint64_t total_bytes;
	uint8_t block[64];
};

void sha256_init(struct sha256 *s);
void sha256_add(struct sha256 *s, const void *data, size_t len);
void sha256_finish(struct sha256 *s, uint8_t ret[static SHA256_BYTES]);

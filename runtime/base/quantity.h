/* SPDX-License-Identifier: Apache-2.0 */
/* quantity: durations and sizes as people write them, wherever they come from: options, annotations, hart.conf. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* "250ms", "5s", "1m30s", "1.5h", with the units us, ms, s, m, h; to milliseconds, rounded down. Something that would
 * round down to nothing is refused, as nothing often means "off": that is said by "0s". False: not a duration. */
bool quantity_duration(const char *s, uint64_t *ret_ms);

/* "1048576", "512M", "1.5g", "2 KiB" (powers of 1024). False: not a size. */
bool quantity_bytes(const char *s, int64_t *ret_bytes);

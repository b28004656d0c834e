/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_merge: a merge patch, a byte 0 behind it, and what it is applied to; the result is JSON. */
#include <string.h>

#include "fuzz.h"
#include "json.h"
#include "merge.h"

static int pass(void *ctx, struct json_reader *r, const struct json_event *ev)
{
	(void)ctx;
	(void)r;
	(void)ev;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	const char *text = (const char *)data, *zero = len ? memchr(data, 0, len) : NULL;
	struct merge_text patch = { text, zero ? (size_t)(zero - text) : len }, target = { "{}", 2 };
	size_t merged_len;
	struct json_fault fault;
	struct err e = ERR_INIT;
	char *merged;

	if (zero)
		target = (struct merge_text){ zero + 1, len - patch.len - 1 };
	if (merge_patch(&a, target, patch, &merged, &merged_len, &e) >= 0 &&
	    json_read(merged, merged_len, pass, NULL, &fault) < 0)
		fuzz_die(fault.text, (const uint8_t *)merged, merged_len);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* merge: JSON merge patches (RFC 7396) over JSON texts, within the limits of json.h. */
#pragma once

#include <stddef.h>

struct arena;
struct err;

struct merge_text {
	const char *at;
	size_t len;
};

/*
 * Applies `patch` to `target`: members that are null in it are taken out, objects are merged, all else
 * replaces. *ret is JSON text in `a`. -EINVAL says which of the two is not JSON, and where.
 */
int merge_patch(struct arena *a, struct merge_text target, struct merge_text patch, char **ret, size_t *ret_len, struct err *e);

/* SPDX-License-Identifier: Apache-2.0 */
/* bundle: a folder with config.json (bundle.md), opened once and used by descriptor. */
#pragma once

#include <stddef.h>

struct arena;
struct err;
struct oci_config;

struct bundle {
	int fd; /* O_PATH folder; owned */
	char *path; /* absolute, for state and messages; in the arena */
	char *json; /* config.json as it was read */
	size_t json_len;
	struct oci_config *config;
};

#define BUNDLE_INIT ((struct bundle){ .fd = -EBADF })

/* Opens `path`, reads and validates its config.json; or takes `json` (borrowed) in its place, when that
 * is not NULL. */
int bundle_open(struct arena *a, const char *path, const char *json, size_t json_len,
		struct bundle *b, struct err *e);
void bundle_close(struct bundle *b);

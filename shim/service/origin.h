/* SPDX-License-Identifier: Apache-2.0 */
/*
 * origin: where a member's bundle and config come from (hart-failover(7), --standby): a bundle of its own, a
 * merge patch over the primary's config, a root file system alone, or the primary's bundle once more.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct err;

#define ORIGIN_SELF "self"

struct origin {
	const char *bundle; /* folder for relative paths in the config */
	const char *json; /* config text; NULL: the bundle's config.json */
	size_t json_len;
	const char *rootfs; /* stands in for root.path; NULL: the config's */
	bool own_config;
};

/*
 * Looks at `dir` (a real path; ORIGIN_SELF; NULL: `base` itself) anew, memory from `a`. A patch, a rootfs and
 * ORIGIN_SELF stand on `base`, which is the primary's. -ENOENT when there is nothing to be used.
 */
int origin_find(struct arena *a, const char *dir, const struct origin *base, struct origin *ret,
		struct err *e);

/* 0 when there is anything in the folder that can be used, else -ENOENT. */
int origin_check(const char *dir, struct err *e);

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
 * Looks at `dir` (absolute; ORIGIN_SELF; NULL: the primary itself) anew, memory from `a`. The primary's
 * config is `json`, as it was when the service was made. -ENOENT when there is nothing to be used.
 */
int origin_find(struct arena *a, const char *dir, const char *primary_bundle, const char *json,
		size_t json_len, struct origin *ret, struct err *e);

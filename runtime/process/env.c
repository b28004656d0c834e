/* SPDX-License-Identifier: Apache-2.0 */
/* env: see env.h. */
#include "process/env.h"

#include <string.h>

#include "base/arena.h"

/* The place of a variable of that name, or `n`. Lengths differ more often than not. */
static size_t find(char *const *env, const size_t *lens, size_t n, const char *name, size_t len)
{
	size_t i = 0;

	while (i < n && (lens[i] != len || memcmp(env[i], name, len) != 0))
		i++;
	return i;
}

char **env_unique(struct arena *a, const oci_strings *list, size_t room, size_t *ret_n)
{
	char **env = arena_calloc(a, list->n + room + 1, sizeof *env);
	size_t *lens = arena_calloc(a, list->n, sizeof *lens), n = 0;

	if (!env || !lens)
		return NULL;
	for (size_t i = 0; i < list->n; i++) {
		char *pair = list->v[i];
		size_t len = strcspn(pair, "="), at = find(env, lens, n, pair, len);
		env[at] = pair;
		lens[at] = len;
		n += at == n;
	}
	*ret_n = n;
	return env;
}

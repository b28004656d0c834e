/* SPDX-License-Identifier: Apache-2.0 */
/* env: see env.h. Sorted by name: an image may have very many of them. */
#include "process/env.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

struct variable {
	char *pair;
	size_t len; /* of the name */
	size_t place; /* in the list */
};

static int compare_names(const struct variable *x, const struct variable *y)
{
	return x->len != y->len ? (x->len < y->len ? -1 : 1) : memcmp(x->pair, y->pair, x->len);
}

static int by_name(const void *a, const void *b)
{
	const struct variable *x = a, *y = b;
	int order = compare_names(x, y);

	return order ? order : x->place < y->place ? -1 : 1;
}

/* The last value of each name to the place of the first; the other places stay empty. */
static void fill(char **env, const struct variable *v, size_t n)
{
	for (size_t i = 0, first = 0; i < n; i++) {
		if (compare_names(&v[first], &v[i]))
			first = i;
		env[v[first].place] = v[i].pair;
	}
}

static size_t close_gaps(char **env, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (env[i])
			env[kept++] = env[i];
	for (size_t i = kept; i < n; i++)
		env[i] = NULL;
	return kept;
}

char **env_unique(struct arena *a, const oci_strings *list, size_t room, size_t *ret_n)
{
	char **env = arena_calloc(a, list->n + room + 1, sizeof *env);
	struct variable *v = arena_calloc(a, list->n, sizeof *v);

	if (!env || !v)
		return NULL;
	for (size_t i = 0; i < list->n; i++)
		v[i] = (struct variable){ list->v[i], strcspn(list->v[i], "="), i };
	qsort(v, list->n, sizeof *v, by_name);
	fill(env, v, list->n);
	*ret_n = close_gaps(env, list->n);
	return env;
}

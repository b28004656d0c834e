/* SPDX-License-Identifier: Apache-2.0 */
/* words: see words.h. */
#include "base/words.h"

#include <stdlib.h>
#include <string.h>

/* The kernel lays the words out one behind the other. */
static struct {
	char *begin;
	size_t len;
	char **copy; /* for a leak checker: it is kept */
} original;

char **words_keep(int argc, char **argv)
{
	size_t len = argc > 0 ? (size_t)(argv[argc - 1] - argv[0]) + strlen(argv[argc - 1]) + 1 : 0;
	char **copy = malloc(((size_t)argc + 1) * sizeof *copy + len);
	char *text = copy ? (char *)(copy + argc + 1) : NULL;

	if (!copy)
		return NULL;
	for (int i = 0; i < argc; i++)
		copy[i] = text + (argv[i] - argv[0]);
	copy[argc] = NULL;
	if (len)
		memcpy(text, argv[0], len);
	original.begin = len ? argv[0] : NULL;
	original.len = len;
	original.copy = copy;
	return copy;
}

void words_forget(void)
{
	if (original.begin)
		explicit_bzero(original.begin, original.len);
}

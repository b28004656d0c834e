/* SPDX-License-Identifier: Apache-2.0 */
/* bundle_id: see bundle_id.h. The result passes the check of IDs in the runtime. */
#include "bundle_id.h"

#include <ctype.h>
#include <string.h>

#include "base/arena.h"

char *bundle_id(struct arena *a, const char *bundle)
{
	size_t end = strlen(bundle), start, n = 0;

	while (end && bundle[end - 1] == '/')
		end--;
	for (start = end; start && bundle[start - 1] != '/'; start--)
		;
	/* A leading dot would hide the state folder, a leading dash read as an option. */
	while (start < end && !isalnum((unsigned char)bundle[start]))
		start++;
	if (start == end)
		return arena_strdup(a, "container");
	if (end - start > BUNDLE_ID_MAX)
		end = start + BUNDLE_ID_MAX;
	char *id = arena_strndup(a, bundle + start, end - start);
	for (; id && id[n]; n++)
		if (!isascii(id[n]) || (!isalnum((unsigned char)id[n]) && !strchr("_+.-", id[n])))
			id[n] = '-';
	return id;
}

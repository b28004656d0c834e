/* SPDX-License-Identifier: Apache-2.0 */
/* id: see id.h. */
#include "id.h"

#include <string.h>

#include "base/err.h"

bool id_char_ok(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("_+.-", c));
}

int id_check(const char *id, struct err *e)
{
	size_t n = strlen(id);
	bool ok = n > 0 && n <= ID_MAX_BYTES && strcmp(id, ".") && strcmp(id, "..");

	for (size_t i = 0; ok && i < n; i++)
		ok = id_char_ok(id[i]);
	if (!ok)
		return err_msg(e, EINVAL, "invalid container ID format: \"%.*s\"", ID_MAX_BYTES, id);
	return 0;
}

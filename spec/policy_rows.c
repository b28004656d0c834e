/* SPDX-License-Identifier: Apache-2.0 */
/* policy_rows: see policy_rows.h. */
#include "policy_rows.h"

#include <string.h>

#define WITH_DEFAULT(key, name_, metavar_, initial_, flags_, doc_) \
	[key] = { name_, metavar_, doc_, initial_, flags_ },
#define WITHOUT(key, name_, metavar_, flags_, doc_) [key] = { name_, metavar_, doc_, NULL, flags_ },

const struct policy_row policy_rows[POLICY_KEYS] = { POLICY_ROWS(WITH_DEFAULT, WITHOUT) };

const char *policy_standby_suffix(const char *value)
{
	static const char key[] = ",mode=";
	const char *comma = strrchr(value, ',');

	return comma && !strncmp(comma, key, sizeof key - 1) ? comma : value + strlen(value);
}

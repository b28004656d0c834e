/* SPDX-License-Identifier: Apache-2.0 */
/* id: container IDs become folder names and cgroup names, so they are strict (security.md 12). */
#pragma once

#include <stdbool.h>

struct err;

#define ID_MAX_BYTES 200 /* leaves room for prefixes in a 255 byte file name */

/* [A-Za-z0-9_+.-]{1,200}, not "." or "..". -EINVAL with the words runc uses. */
int id_check(const char *id, struct err *e);

/* Whether `c` may occur in an ID. */
bool id_char_ok(char c);

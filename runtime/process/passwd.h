/* SPDX-License-Identifier: Apache-2.0 */
/*
 * passwd: the current root's /etc/passwd (passwd(5)), read without NSS. In a container the file is
 * content: it is read with bounds, and what is odd counts as absent.
 */
#pragma once

#include <sys/types.h>

struct arena;

enum passwd_field { PASSWD_NAME = 0, PASSWD_HOME = 5 };

/* That field of the user's line, or `fallback`. In the arena; NULL on OOM alone. */
char *passwd_get(struct arena *a, uid_t uid, enum passwd_field field, const char *fallback);

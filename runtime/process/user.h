/* SPDX-License-Identifier: Apache-2.0 */
/* user: ids, groups and umask of process.user (config.md "POSIX-platform User"). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct oci_user;
struct err;

/*
 * Task side: additional groups, gid, uid, umask (0022 unless given), in this order. For a user other
 * than root capabilities stay for caps_apply() (PR_SET_KEEPCAPS); there is no way back to the IDs.
 * In a user namespace where setgroups(2) is denied only additional groups that were asked for are an
 * error: then the groups stay the caller's, as with `keep_groups`.
 */
int user_apply(const struct oci_user *u, bool keep_groups, struct err *e);

/* "UID[:GID]", strictly decimal and below 2^32 - 1 (security.md 9); *ret_gid stays as it is when there is none. */
int user_parse(const char *text, uint32_t *ret_uid, uint32_t *ret_gid, struct err *e);

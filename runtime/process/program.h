/* SPDX-License-Identifier: Apache-2.0 */
/* program: finding args[0], with the words for failures that callers look for. */
#pragma once

struct arena;
struct err;

#define PROGRAM_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" /* where there is no PATH */

/*
 * The path to execute for `name`: itself when it has a slash, else searched along PATH of `env` (a
 * default path when there is none). -ENOENT, -EACCES or -EISDIR in the form callers match:
 * `exec: "x": executable file not found in $PATH`, `exec: "/x": stat /x: no such file or directory`,
 * `exec: "/x": permission denied`.
 */
int program_find(struct arena *a, const char *name, char *const *env, char **ret, struct err *e);

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * env: the environment of a program. Of a variable that is given more than once the last value counts,
 * at the place of the first: programs disagree on which of two they read.
 */
#pragma once

#include <stddef.h>

#include "oci.h"

struct arena;

/* A NULL-terminated array in `a` with room for `room` more; the strings are borrowed. NULL: no memory. */
char **env_unique(struct arena *a, const oci_strings *list, size_t room, size_t *ret_n);

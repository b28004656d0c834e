/* SPDX-License-Identifier: Apache-2.0 */
/* rdt/schema: reading the lines of resctrl's schemata files, "L3:0=ff;1=c0". */
#pragma once

#include <stdbool.h>

/*
 * True when the file's text says what `line` says: the resource has a line, and each domain of
 * `line` the same value there. Values are compared as numbers (leading zeros, order and blanks do
 * not matter; caches' are hexadecimal, "MB" decimal), others as text.
 */
bool rdt_schema_matches(const char *schemata, const char *line);

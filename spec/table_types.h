/* SPDX-License-Identifier: Apache-2.0 */
/* table_types: what is known of single values, shared by the halves of the table engine. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "table.h"

/* Bytes of one value of the type; FIELD_OBJECT: of the struct of table `sub`. */
size_t table_type_size(enum field_type type, unsigned sub);

/* "string", "integer" … */
const char *table_type_name(enum field_type type);

/* Least and greatest value that the row lets pass. */
void table_range(const struct field *f, int64_t *ret_min, uint64_t *ret_max);

/* Stores the integer text[0..len) as the row's type at `dst`. False with `why` when it is none or
 * out of range. */
bool table_parse_integer(const struct field *f, const char *text, size_t len, void *dst, char *why,
			 size_t why_size);

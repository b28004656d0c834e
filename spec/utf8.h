/* SPDX-License-Identifier: Apache-2.0 */
/* utf8: strict UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF. */
#pragma once

#include <stddef.h>

/* Length of the valid sequence at `s` (of `len` > 0 bytes), 0 when there is none. */
size_t utf8_sequence(const char *s, size_t len);

/* Length of the longest valid prefix: `len` when all of it is valid. */
size_t utf8_valid_prefix(const char *s, size_t len);

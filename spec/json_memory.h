/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_memory: what yajl allocates. yajl does not look whether it got memory, so a failed
 * allocation leaves it by longjmp; and it takes many small pieces, which an arena gives faster.
 */
#pragma once

#include <setjmp.h>

#include <yajl/yajl_common.h>

#include "base/arena.h"

struct json_memory {
	struct arena arena; /* freed as a whole, also after the jump */
	jmp_buf no_memory;  /* set by the caller before yajl runs */
};

/* yajl's allocation functions over `m`. */
yajl_alloc_funcs json_memory_funcs(struct json_memory *m);

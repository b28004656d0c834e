/* SPDX-License-Identifier: Apache-2.0 */
/* trim: gives memory that malloc keeps for later back to the kernel, where the libc can. */
#pragma once

#include <stdlib.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

static inline void memory_trim(void)
{
#ifdef __GLIBC__
	malloc_trim(0);
#endif
}

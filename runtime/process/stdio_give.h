/* SPDX-License-Identifier: Apache-2.0 */
/* stdio_give: standard descriptors that the container's user may open again. */
#pragma once

#include <stdint.h>

/*
 * Task side, as root: gives what stdin, stdout and stderr refer to to user `uid`, so that opening
 * /dev/stdout works for a program that is not root. Devices stay their owners' (the caller's own
 * terminal, /dev/null). A convenience: what cannot be given away stays as it is.
 */
void stdio_give(uint32_t uid);

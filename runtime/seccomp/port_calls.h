/* SPDX-License-Identifier: Apache-2.0 */
/* port_calls: the numbers of bind(2) and listen(2), by architecture: what port_filter.c notifies, and what the keeper,
 * which answers, reads them by. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum port_call { PORT_CALL_NONE, PORT_CALL_BIND, PORT_CALL_LISTEN };

struct port_call_arch {
	uint32_t arch; /* AUDIT_ARCH_* */
	int bind, listen;
	int packed; /* socketcall(2); -1: none */
};

#define PORT_CALL_ARCHS 4 /* at most */

/* Of the machine that this was compiled for, those of its 32-bit programs too; ends at arch 0. */
extern const struct port_call_arch port_call_archs[PORT_CALL_ARCHS + 1];

/* x86-64's programs with 32-bit pointers. */
#define PORT_CALL_X32 0x40000000

/* Of socketcall(2)'s first argument. */
#define PORT_CALL_PACKED_BIND 2
#define PORT_CALL_PACKED_LISTEN 4

/* Which one it is; `first` is the call's first argument. */
enum port_call port_call_kind(uint32_t arch, int nr, uint64_t first);

/* True for socketcall(2): the arguments are 32-bit words where the second one points. */
bool port_call_is_packed(uint32_t arch, int nr);

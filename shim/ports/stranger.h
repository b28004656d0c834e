/* SPDX-License-Identifier: Apache-2.0 */
/* stranger: whether a program that is none of the service's has an address. Without a look bind(2) would let a
 * member share it with that program, as both ask for SO_REUSEPORT. */
#pragma once

#include <stdbool.h>

#include "ports/address.h"

/* In the caller's network namespace. What is left of closed connections (TIME_WAIT) does not count. */
bool port_stranger_has(const struct port_address *a);

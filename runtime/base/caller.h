/* SPDX-License-Identifier: Apache-2.0 */
/* caller: what hart may do on this host, by who runs it. */
#pragma once

#include <stdbool.h>

/* True for the root of a user namespace other than the host's: a rootless engine's, or that of `unshare -Ur`. */
bool caller_is_inside(void);

/* True for an ordinary user, and for the root of a user namespace other than the host's. */
bool caller_is_unprivileged(void);

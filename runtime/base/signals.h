/* SPDX-License-Identifier: Apache-2.0 */
/* signals: what a program of somebody else's may expect of signals when it starts (signal(7)). */
#pragma once

#include <signal.h>

/* None ignored, none but those of `blocked` (NULL = none) blocked, whatever our caller left. Safe in a vfork'd child. */
void signals_reset(const sigset_t *blocked);

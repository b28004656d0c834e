/* SPDX-License-Identifier: Apache-2.0 */
/* probe_target: where a probe asks a member. */
#pragma once

#include "watch/probe.h"

struct member;

/* What it points to is the member's, and goes with it. */
struct probe_target probe_target_of(const struct member *m);

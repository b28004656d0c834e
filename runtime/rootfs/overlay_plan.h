/* SPDX-License-Identifier: Apache-2.0 */
/* overlay_plan: from --overlay and the org.hart.overlay annotations to what is assembled. */
#pragma once

#include <stdbool.h>

#include "rootfs/overlay.h"

struct arena;
struct err;
struct oci_config;

/*
 * Fills `ret` for a container that wants an overlay; `*ret_wanted` tells whether it does.
 * `option` (--overlay, may be NULL) goes before the annotation.
 */
int overlay_plan(struct arena *a, const struct oci_config *c, const char *option, const char *id,
		 struct overlay_opts *ret, bool *ret_wanted, struct err *e);

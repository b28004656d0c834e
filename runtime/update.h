/* SPDX-License-Identifier: Apache-2.0 */
/* update: changing a container's resources while it lives. */
#pragma once

#include "container.h"

struct err;

/*
 * Puts `r` in force for a container; what it leaves out stays as it is. When a setting is refused,
 * those made before it in this call are taken back. -ESRCH "container not running" when it is
 * stopped. Device rules that equal those of config.json are passed over, so that an engine that
 * sends all of them along does not undo what a hook has added to the filter since.
 */
int container_update(struct container *c, const struct oci_resources *r, struct err *e);

/* Changes the schemata of the container's Intel RDT group; NULL leaves one as it is. */
int container_update_rdt(struct container *c, const char *l3_cache_schema,
			 const char *mem_bw_schema, struct err *e);

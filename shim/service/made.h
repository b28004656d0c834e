/* SPDX-License-Identifier: Apache-2.0 */
/* made: what a service was made with. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "create.h"
#include "oci.h"

struct arena;
struct policy_flags;

struct service_made {
	struct arena *arena; /* of an adopted one's policy and flags */
	const struct policy_flags *flags;
	struct create_opts create; /* of members */
	char *bundle; /* the first primary's; absolute */
	char *config_json; /* the primary's */
	size_t config_len;
	oci_strings warnings; /* what has no effect; in `status` and the journal */
	bool foreground, keep;
};

/* SPDX-License-Identifier: Apache-2.0 */
/* state_rows: the runtime-spec's state object as it is written, for its rows and for what fills it. */
#pragma once

#include "oci.h"

struct oci_state {
	const char *oci_version, *id, *bundle;
	int status; /* enum container_status */
	int64_t pid;
	oci_map annotations;
};

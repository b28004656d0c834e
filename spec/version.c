/* SPDX-License-Identifier: Apache-2.0 */
/* version: see version.h. */
#include "version.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "oci.h"

/* Versions are 1.x (validate.c). */
static bool is_before(const char *version, long minor)
{
	return !version || strncmp(version, "1.", 2) || strtol(version + 2, NULL, 10) < minor;
}

void version_adapt_resources(const char *oci_version, struct oci_resources *r)
{
	if (r && r->pids_limit.set && r->pids_limit.v == 0 && is_before(oci_version, 3))
		r->pids_limit.v = -1;
}

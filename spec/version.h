/* SPDX-License-Identifier: Apache-2.0 */
/* version: what a member of the config means by the version of the runtime-spec that the config names. */
#pragma once

struct oci_resources;

/* pids.limit 0: no limit before 1.3 of the runtime-spec, which was the first to tell 0 from "not set". `oci_version`
 * may be NULL: before 1.3. */
void version_adapt_resources(const char *oci_version, struct oci_resources *r);

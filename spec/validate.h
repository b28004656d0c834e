/* SPDX-License-Identifier: Apache-2.0 */
/* validate: the rules that no single row can say: what the runtime-spec states about fields
 * together, and what would fail late or unclearly. Looks at the document alone, not at the host. */
#pragma once

#include "oci.h"

struct fault_sink;

/* Each returns 0, or -errno with the sink's error set; faults that are collected are the sink's
 * and no failure. `path` is where the object stands in the document, "" for its top. */
int validate_config(const struct oci_config *c, struct fault_sink *sink);
int validate_linux(const struct oci_config *c, struct fault_sink *sink);
int validate_seccomp(const struct oci_config *c, struct fault_sink *sink);
int validate_sysctls(const struct oci_config *c, struct fault_sink *sink);
int validate_process(const struct oci_process *p, const char *path, struct fault_sink *sink);
int validate_resources(const struct oci_resources *r, const char *path, struct fault_sink *sink);

/* A list of ID mappings at `path`: sizes, ranges, overlaps, count (user_namespaces(7)). */
int validate_id_mappings(const oci_id_mappings *m, const char *path, struct fault_sink *sink);

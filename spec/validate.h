/* validate: the rules that no single row can say: what the runtime-spec states about fields
 * together, and what would fail late or unclearly. Looks at the document alone, not at the host. */
#pragma once

struct fault_sink;
struct oci_config;
struct oci_process;
struct oci_resources;

/* Each returns 0, or -errno with the sink's error set. Collected faults are the sink's. */
int validate_config(const struct oci_config *c, struct fault_sink *sink);
int validate_process(const struct oci_process *p, const char *path, struct fault_sink *sink);
int validate_resources(const struct oci_resources *r, const char *path, struct fault_sink *sink);

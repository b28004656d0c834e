/* SPDX-License-Identifier: Apache-2.0 */
/* hostname: hostname and domainname of the UTS namespace (config.md, uts_namespaces(7)). */
#pragma once

struct oci_config;
struct err;

/* Task side, in its UTS namespace. */
int hostname_apply(const struct oci_config *c, struct err *e);

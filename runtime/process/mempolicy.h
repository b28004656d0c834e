/* SPDX-License-Identifier: Apache-2.0 */
/* mempolicy: linux.memoryPolicy and linux.personality (config-linux.md, set_mempolicy(2),
 * personality(2)). */
#pragma once

struct oci_memory_policy;
struct oci_personality;
struct err;

/* Task side; inherited over execve. ENOSYS from a kernel without NUMA is an error like any other. */
int mempolicy_apply(const struct oci_memory_policy *m, struct err *e);
int personality_apply(const struct oci_personality *p, struct err *e);

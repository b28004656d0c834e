/* SPDX-License-Identifier: Apache-2.0 */
/*
 * properties: linux.resources as properties of a systemd unit, so that `systemctl show` says them and systemd, when it
 * writes the files itself, writes the same. Pure. systemd.resource-control(5).
 */
#pragma once

#include <stdint.h>

#include "cgroup/limits.h"
#include "systemd/property.h"

/*
 * Appends a property for each write that has one: the files are the same, whether a member of the resources or
 * `unified` asked for them. What has none (io.max, hugetlb, rdma, …) is in the files alone. `period_us` is what
 * cpu.max has when a write does not say: 100000 in a new cgroup.
 */
void cgroup_properties_of_writes(const struct cgroup_writes *w, uint64_t period_us, struct systemd_properties *out);

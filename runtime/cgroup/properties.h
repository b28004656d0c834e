/*
 * properties: linux.resources as properties of a systemd unit, so that `systemctl show` says them and systemd, when it
 * writes the files itself, writes the same. Pure but for /proc/devices. systemd.resource-control(5).
 */
#pragma once

#include <stdint.h>

#include "cgroup/limits.h"
#include "systemd/property.h"

struct err;

/*
 * Appends a property for each write that has one: the files are the same, whether a member of the resources or
 * `unified` asked for them. What has none (io.max, hugetlb, rdma, …) is in the files alone. `period_us` is what
 * cpu.max has when a write does not say: 100000 in a new cgroup.
 */
void cgroup_properties_of_writes(const struct cgroup_writes *w, uint64_t period_us, struct systemd_properties *out);

/*
 * Appends what makes systemd's own device filter let through all that the rules do; it may let more through, as
 * hart's filter decides besides. Nothing when that cannot be said: then systemd has no filter. With `update` the
 * list replaces the one that is there. -EINVAL for a bad rule.
 */
int cgroup_properties_of_devices(const struct oci_resources *r, bool update, struct systemd_properties *out,
				 struct err *e);

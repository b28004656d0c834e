/* SPDX-License-Identifier: Apache-2.0 */
/* sysctl: linux.sysctl (config-linux.md "Sysctl"). Only what a namespace of the container's own keeps
 * may be set: spec/validate_sysctl.c sees to the names, sysctl_check() to the namespaces. */
#pragma once

#include "oci.h"

struct ns_plan;
struct err;

/*
 * Runtime side: -EINVAL when a parameter belongs to a namespace that the container joins and that is
 * the caller's own, whatever path it was given by.
 */
int sysctl_check(const oci_map *sysctl, const struct ns_plan *ns, struct err *e);

/*
 * Task side, in its namespaces, through `procfd`. Keys are "net.ipv4.ip_forward" or with slashes
 * ("net/ipv4/conf/eth0.1/forwarding"): whichever separator comes first is the separator, the other
 * character stands for it within a component (sysctl.d(5)).
 */
int sysctl_apply(int procfd, const oci_map *sysctl, struct err *e);

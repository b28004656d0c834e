/* sysctl: linux.sysctl (config-linux.md "Sysctl"). Only what a namespace of the container's own
 * keeps may be set; validation has refused the rest. */
#pragma once

#include "oci.h"

struct err;

/*
 * Task side, in its namespaces, through `procfd`. Keys are "net.ipv4.ip_forward" or with slashes
 * ("net/ipv4/conf/eth0.1/forwarding"): whichever separator comes first is the separator.
 */
int sysctl_apply(int procfd, const oci_map *sysctl, struct err *e);

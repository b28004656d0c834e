/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net: the loopback of a new network namespace, and host devices that move into the container
 * (config-linux.md "Network Devices").
 */
#pragma once

#include <sys/types.h>

struct oci_linux;
struct err;

/* Task side: sets "lo" up in the current network namespace. */
int net_loopback_up(struct err *e);

/*
 * Runtime side: moves each of linux.netDevices into the network namespace of `pid` (a live child of
 * the caller), renamed where asked for, and sets it up there with its permanent global addresses.
 * MTU, hardware address and the like stay with the device by themselves.
 * A device that is not there (-ENODEV) or whose new name is taken there (-EEXIST) is an error, and
 * then all of them are put back as they were. Afterwards they are the namespace's: when it ends the
 * kernel gives physical devices back to the host and removes virtual ones.
 */
int net_move_devices(const struct oci_linux *l, pid_t pid, struct err *e);
